//! The lines of the edges.

use std::collections::BTreeMap;

use super::component::Part;
use super::layer::Graph;
use super::{NODE_RADIUS, Point};

/// How far the answer of a two-way pair swings out beside its counterpart.
const BOW: f64 = 28.0;
/// How high a loop rises above its node's rim.
const LOOP: f64 = 34.0;

/// The lines between different nodes, by caller and callee.
#[derive(Debug, Default)]
pub(super) struct Routes {
    lines: BTreeMap<(usize, usize), Vec<Point>>,
}

impl Routes {
    pub(super) fn add(&mut self, part: &Part, graph: &Graph, heights: &[f64], offset: Point) {
        for (&(from, to), chain) in part.edges.iter().zip(&graph.chains) {
            let point = |vertex| graph.point(vertex, heights, offset);
            let mut line = vec![point(from)];
            if chain.reversed {
                line.extend(chain.dummies.clone().rev().map(point));
            } else {
                line.extend(chain.dummies.clone().map(point));
            }
            line.push(point(to));
            let two_way = || part.edges.binary_search(&(to, from)).is_ok();
            if let [start, end] = line[..]
                && chain.reversed
                && two_way()
            {
                line.insert(1, beside(start, end));
            }
            trim(&mut line);
            self.lines.insert((part.members[from], part.members[to]), line);
        }
    }

    /// The line of an edge of the caller's; empty if it names a node that does not exist.
    pub(super) fn line(&self, edge: (usize, usize), places: &[Point]) -> Vec<Point> {
        match places.get(edge.0) {
            Some(&place) if edge.0 == edge.1 => loop_above(place),
            _ => self.lines.get(&edge).cloned().unwrap_or_default(),
        }
    }
}

/// The middle between two points, pushed aside.
fn beside(start: Point, end: Point) -> Point {
    let (across, down) = (end.x - start.x, end.y - start.y);
    let length = across.hypot(down).max(1.0);
    Point {
        x: (start.x + end.x) / 2.0 - down / length * BOW,
        y: (start.y + end.y) / 2.0 + across / length * BOW,
    }
}

/// Cuts both ends back to the rims of their nodes.
fn trim(line: &mut [Point]) {
    if let [first, second, ..] = line {
        *first = rim(*first, *second);
    }
    if let [.., second, last] = line {
        *last = rim(*last, *second);
    }
}

fn rim(middle: Point, towards: Point) -> Point {
    let (across, down) = (towards.x - middle.x, towards.y - middle.y);
    let length = across.hypot(down).max(1.0);
    Point { x: middle.x + across / length * NODE_RADIUS, y: middle.y + down / length * NODE_RADIUS }
}

fn loop_above(middle: Point) -> Vec<Point> {
    let (half, height) = (NODE_RADIUS / 2.0, NODE_RADIUS * 3.0_f64.sqrt() / 2.0);
    let corner = |x, y| Point { x: middle.x + x, y: middle.y - y };
    vec![
        corner(-half, height),
        corner(-NODE_RADIUS, NODE_RADIUS + LOOP),
        corner(NODE_RADIUS, NODE_RADIUS + LOOP),
        corner(half, height),
    ]
}
