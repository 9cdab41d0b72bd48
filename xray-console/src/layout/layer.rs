//! Gives each node its layer: callers left of callees, back edges turned around.

use super::component::Part;
use super::{FULL_DUMMIES, FULL_EDGES, LAYER_GAP, MARGIN, Point};

/// A connected part in layers. Vertices are the members first, then the dummies.
#[derive(Debug)]
pub(super) struct Graph {
    pub(super) members: usize,
    /// The vertices of each layer, from top to bottom.
    pub(super) layers: Vec<Vec<usize>>,
    pub(super) layer_of: Vec<usize>,
    /// The neighbours in layers to the left, and to the right.
    pub(super) left: Vec<Vec<usize>>,
    pub(super) right: Vec<Vec<usize>>,
    /// Per edge of the part.
    pub(super) chains: Vec<Chain>,
    /// Whether every edge joins neighbouring layers, through dummies where it is long.
    pub(super) full: bool,
}

/// How an edge of the part became edges of the layered graph.
#[derive(Debug)]
pub(super) struct Chain {
    /// It closed a cycle and runs from right to left.
    pub(super) reversed: bool,
    /// Its dummies, from left to right.
    pub(super) dummies: std::ops::Range<usize>,
}

impl Graph {
    pub(super) fn point(&self, vertex: usize, heights: &[f64], offset: Point) -> Point {
        Point {
            x: MARGIN + offset.x + self.layer_of[vertex] as f64 * LAYER_GAP,
            y: MARGIN + offset.y + heights[vertex],
        }
    }

    pub(super) fn is_dummy(&self, vertex: usize) -> bool {
        vertex >= self.members
    }

    fn join(&mut self, left: usize, right: usize) {
        self.right[left].push(right);
        self.left[right].push(left);
    }
}

/// Puts the members of a part in layers, with dummies on long edges unless there are too many.
pub(super) fn assign(part: &Part, full: bool) -> Graph {
    let members = part.members.len();
    let reversed = back_edges(members, &part.edges);
    let turned = |index: usize| {
        let (from, to) = part.edges[index];
        if reversed[index] { (to, from) } else { (from, to) }
    };
    let acyclic: Vec<(usize, usize)> = (0..part.edges.len()).map(turned).collect();
    let mut layer_of = longest_paths(members, &acyclic);

    let spans = acyclic.iter().map(|&(from, to)| layer_of[to] - layer_of[from] - 1);
    let dummies: usize = spans.sum();
    let full = full && acyclic.len() <= FULL_EDGES && dummies <= FULL_DUMMIES;
    let vertices = members + if full { dummies } else { 0 };
    let depth = layer_of.iter().max().map_or(0, |deepest| deepest + 1);
    layer_of.reserve(vertices - members);
    let mut graph = Graph {
        members,
        layers: vec![Vec::new(); depth],
        layer_of,
        left: vec![Vec::new(); vertices],
        right: vec![Vec::new(); vertices],
        chains: Vec::with_capacity(acyclic.len()),
        full,
    };
    for (&(from, to), reversed) in acyclic.iter().zip(reversed) {
        let first = graph.layer_of.len();
        let mut last = from;
        if full {
            for layer in graph.layer_of[from] + 1..graph.layer_of[to] {
                let dummy = graph.layer_of.len();
                graph.layer_of.push(layer);
                graph.join(last, dummy);
                last = dummy;
            }
        }
        graph.join(last, to);
        let dummies = first..graph.layer_of.len();
        graph.chains.push(Chain { reversed, dummies });
    }
    for (vertex, &layer) in graph.layer_of.iter().enumerate() {
        graph.layers[layer].push(vertex);
    }
    graph
}

/// Which edges a depth-first walk finds to lead back to where it came from.
fn back_edges(members: usize, edges: &[(usize, usize)]) -> Vec<bool> {
    let mut out: Vec<Vec<(usize, usize)>> = vec![Vec::new(); members];
    let mut surplus = vec![(0_i64, 0_i64); members];
    for (index, &(from, to)) in edges.iter().enumerate() {
        out[from].push((to, index));
        surplus[from].1 += 1;
        surplus[to].0 += 1;
    }
    // A walk begins at an entry; within a cycle, at the member that calls most and is called least.
    let mut starts: Vec<usize> = (0..members).collect();
    starts.sort_by_key(|&member| {
        let (calls_in, calls_out) = surplus[member];
        (calls_in > 0, calls_in - calls_out, member)
    });

    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        Open,
        Done,
    }
    let mut state = vec![State::New; members];
    let mut back = vec![false; edges.len()];
    let mut path: Vec<(usize, usize)> = Vec::new();
    for start in starts {
        if state[start] != State::New {
            continue;
        }
        state[start] = State::Open;
        path.push((start, 0));
        while let Some((member, next)) = path.last_mut() {
            let Some(&(to, index)) = out[*member].get(*next) else {
                state[*member] = State::Done;
                path.pop();
                continue;
            };
            *next += 1;
            match state[to] {
                State::New => {
                    state[to] = State::Open;
                    path.push((to, 0));
                }
                State::Open => back[index] = true,
                State::Done => {}
            }
        }
    }
    back
}

/// The length of the longest path that leads to each member.
fn longest_paths(members: usize, acyclic: &[(usize, usize)]) -> Vec<usize> {
    let mut out: Vec<Vec<usize>> = vec![Vec::new(); members];
    let mut missing = vec![0_usize; members];
    for &(from, to) in acyclic {
        out[from].push(to);
        missing[to] += 1;
    }
    let mut layer = vec![0; members];
    let mut ready: Vec<usize> = (0..members).filter(|&member| missing[member] == 0).collect();
    while let Some(member) = ready.pop() {
        for &to in &out[member] {
            layer[to] = layer[to].max(layer[member] + 1);
            missing[to] -= 1;
            if missing[to] == 0 {
                ready.push(to);
            }
        }
    }
    layer
}
