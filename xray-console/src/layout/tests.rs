//! What a picture promises, on maps that occur and on maps that do not.

use std::fmt::Write;

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

use super::*;

fn keys(count: usize) -> Vec<String> {
    (0..count).map(|index| format!("node {index:05}")).collect()
}

fn nodes(keys: &[String]) -> Vec<Node<'_>> {
    keys.iter().map(|key| Node { key }).collect()
}

fn draw(count: usize, edges: &[(usize, usize)]) -> Layout {
    let keys = keys(count);
    let drawn = layout(&nodes(&keys), edges);
    check(&drawn, count, edges);
    drawn
}

/// What holds for every picture.
fn check(drawn: &Layout, count: usize, edges: &[(usize, usize)]) {
    assert_eq!(drawn.nodes.len(), count);
    assert_eq!(drawn.edges.len(), edges.len());
    let inside = |point: &Point| {
        (0.0..=drawn.width).contains(&point.x) && (0.0..=drawn.height).contains(&point.y)
    };
    assert!(drawn.nodes.iter().all(inside));
    assert!(drawn.edges.iter().flatten().all(inside));
    let mut sorted = drawn.nodes.clone();
    sorted.sort_by(|one, other| one.x.total_cmp(&other.x).then(one.y.total_cmp(&other.y)));
    for pair in sorted.windows(2) {
        let apart =
            pair[1].x - pair[0].x >= LAYER_GAP - 0.1 || pair[1].y - pair[0].y >= NODE_GAP - 0.1;
        assert!(apart, "{pair:?} overlap");
    }
    for (line, &(from, to)) in drawn.edges.iter().zip(edges) {
        if from >= count || to >= count {
            assert!(line.is_empty());
            continue;
        }
        let ends = [(line.first(), from), (line.last(), to)];
        for (end, node) in ends {
            let (end, middle) = (end.unwrap(), drawn.nodes[node]);
            let distance = (end.x - middle.x).hypot(end.y - middle.y);
            assert!((distance - NODE_RADIUS).abs() < 0.1, "{distance}");
        }
    }
}

fn random_edges(random: &mut StdRng, nodes: usize, edges: usize) -> Vec<(usize, usize)> {
    (0..edges).map(|_| (random.random_range(0..nodes), random.random_range(0..nodes))).collect()
}

#[test]
fn draws_the_storefront_as_always() {
    // client, orders, payments, shop.db, web, worker
    let keys = ["client", "orders", "payments", "shop.db", "web", "worker"];
    let nodes = keys.map(|key| Node { key });
    let edges = [(0, 4), (4, 1), (1, 2), (1, 3), (4, 3), (5, 3), (5, 5)];
    let drawn = layout(&nodes, &edges);
    check(&drawn, nodes.len(), &edges);
    let mut text = format!("{:.0} x {:.0}\n", drawn.width, drawn.height);
    let point = |point: &Point| format!(" {:.0},{:.0}", point.x, point.y);
    for (key, place) in keys.iter().zip(&drawn.nodes) {
        writeln!(text, "{key}:{}", point(place)).unwrap();
    }
    for (&(from, to), line) in edges.iter().zip(&drawn.edges) {
        let line: String = line.iter().map(point).collect();
        writeln!(text, "{} > {}:{line}", keys[from], keys[to]).unwrap();
    }
    assert_eq!(text, include_str!("storefront.txt"), "\n{text}");
}

#[test]
fn callers_stand_left_of_callees() {
    let edges = [(0, 1), (1, 2), (0, 2), (2, 3), (0, 3)];
    let drawn = draw(4, &edges);
    for (from, to) in edges {
        assert!(drawn.nodes[from].x < drawn.nodes[to].x);
    }
    // 0 > 3 passes two layers, through a dummy in each.
    assert_eq!(drawn.edges[4].len(), 4);
}

#[test]
fn a_chain_is_a_straight_line() {
    let drawn = draw(5, &[(0, 1), (1, 2), (2, 3), (3, 4)]);
    assert!(drawn.nodes.iter().all(|place| place.y == drawn.nodes[0].y));
    assert_eq!(drawn.height, 2.0 * MARGIN);
}

#[test]
fn cycles_loops_and_pairs_are_drawn() {
    let drawn = draw(4, &[(0, 1), (1, 2), (2, 1), (1, 1), (2, 3), (0, 1), (7, 1), (3, 1)]);
    assert!(drawn.nodes.windows(2).all(|pair| pair[0].x < pair[1].x));
    assert_eq!(drawn.edges[0], drawn.edges[5], "a repeated edge has the same line");
    assert_eq!(drawn.edges[3].len(), 4, "a loop");
    assert_eq!(drawn.edges[2].len(), 3, "the way back swings aside");
    assert!(drawn.edges[6].is_empty());
    assert_eq!(drawn.edges[7].len(), 3, "the way back passes the layer between");
    draw(1, &[(0, 0)]);
    draw(2, &[(0, 1), (1, 0)]);
}

#[test]
fn parts_stand_below_one_another_and_lone_nodes_in_rows() {
    let drawn = draw(14, &[(3, 4), (4, 5), (0, 1)]);
    let y = |node: usize| drawn.nodes[node].y;
    assert!(y(3) < y(0) && y(0) < y(2), "the largest first");
    assert_eq!(y(2), y(6), "five lone nodes share a row");
    let rows = |nodes: &[usize]| {
        let mut rows: Vec<f64> = nodes.iter().map(|&node| y(node)).collect();
        rows.dedup();
        rows.len()
    };
    assert_eq!(rows(&[2, 6, 7, 8, 9, 10, 11, 12, 13]), 2);
}

#[test]
fn nothing_is_a_picture_too() {
    let drawn = draw(0, &[(0, 0), (1, 2)]);
    assert_eq!((drawn.width, drawn.height), (2.0 * MARGIN, 2.0 * MARGIN));
}

#[test]
fn the_order_of_arrival_does_not_matter() {
    let mut random = StdRng::seed_from_u64(1);
    let keys = keys(40);
    let edges = random_edges(&mut random, 40, 70);
    let first = layout(&nodes(&keys), &edges);
    for _ in 0..5 {
        let mut order: Vec<usize> = (0..40).collect();
        order.shuffle(&mut random);
        let shuffled: Vec<Node<'_>> = order.iter().map(|&old| Node { key: &keys[old] }).collect();
        let new = |old: usize| order.iter().position(|&known| known == old).unwrap();
        let mut turned: Vec<_> = edges.iter().map(|&(from, to)| (new(from), new(to))).collect();
        turned.reverse();
        let again = layout(&shuffled, &turned);
        for (place, &old) in order.iter().enumerate() {
            assert_eq!(again.nodes[place], first.nodes[old]);
        }
        for (line, known) in again.edges.iter().rev().zip(&first.edges) {
            assert_eq!(line, known);
        }
    }
}

#[test]
fn sweeps_untangle_what_can_be_untangled() {
    // Ten callers and ten callees, paired in reverse, all below one gateway.
    let mut edges: Vec<(usize, usize)> = (1..11).map(|caller| (0, caller)).collect();
    edges.extend((1..11).map(|caller| (caller, 21 - caller)));
    let ranks: Vec<usize> = (0..21).collect();
    let parts = component::split(&ranks, &edges);
    let mut graph = layer::assign(&parts[0], true);
    assert_eq!(order::count(&graph), 45);
    order::reduce_crossings(&mut graph);
    assert_eq!(order::count(&graph), 0);
}

#[test]
fn draws_two_hundred_nodes_and_four_hundred_edges() {
    let mut random = StdRng::seed_from_u64(200);
    let edges = random_edges(&mut random, 200, 400);
    assert_eq!(draw(200, &edges), draw(200, &edges));
}

#[test]
fn hostile_maps_are_drawn_with_bounded_work() {
    let mut random = StdRng::seed_from_u64(3);
    // Every node calls every node: dummies would be countless.
    let all: Vec<(usize, usize)> =
        (0..300).flat_map(|from| (0..300).map(move |to| (from, to))).collect();
    draw(300, &all);
    // A chain with an edge from its head to each of its nodes.
    let mut comb: Vec<(usize, usize)> = (1..300).map(|node| (node - 1, node)).collect();
    comb.extend((2..300).map(|node| (0, node)));
    draw(300, &comb);
    let many = random_edges(&mut random, 20_000, 40_000);
    draw(20_000, &many);
    let chain: Vec<(usize, usize)> = (1..20_000).map(|node| (node - 1, node)).collect();
    draw(20_000, &chain);
    for _ in 0..200 {
        let count = random.random_range(1..40);
        let edges = random.random_range(0..80);
        let edges = random_edges(&mut random, count, edges);
        draw(count, &edges);
    }
}
