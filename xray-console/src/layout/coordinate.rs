//! Chooses the heights: order kept, nodes apart, edges as straight as that allows.

use super::layer::Graph;
use super::{LANE_GAP, NODE_GAP};

const PASSES: usize = 8;
/// A long edge bends less readily than a node moves.
const DUMMY_WEIGHT: f64 = 3.0;

/// The height of each vertex; the smallest is zero.
pub(super) fn heights(graph: &Graph) -> Vec<f64> {
    let mut heights = vec![0.0; graph.layer_of.len()];
    for layer in &graph.layers {
        spread(graph, layer, &vec![0.0; layer.len()], &mut heights);
    }
    for pass in 0..PASSES {
        let (left, right) = match pass {
            _ if pass + 1 == PASSES => (true, true),
            _ => (pass % 2 == 0, pass % 2 == 1),
        };
        let depth = graph.layers.len();
        for step in 0..depth {
            let at = if left { step } else { depth - 1 - step };
            let layer = &graph.layers[at];
            let wishes: Vec<f64> =
                layer.iter().map(|&vertex| wish(graph, vertex, &heights, left, right)).collect();
            spread(graph, layer, &wishes, &mut heights);
        }
    }
    let top = heights.iter().copied().fold(f64::INFINITY, f64::min);
    for height in &mut heights {
        *height -= top;
    }
    heights
}

/// The mean height of the neighbours.
fn wish(graph: &Graph, vertex: usize, heights: &[f64], left: bool, right: bool) -> f64 {
    let near = |used: bool, side: &[usize]| -> (f64, usize) {
        if !used {
            return (0.0, 0);
        }
        (side.iter().map(|&other| heights[other]).sum(), side.len())
    };
    let (left_sum, left_count) = near(left, &graph.left[vertex]);
    let (right_sum, right_count) = near(right, &graph.right[vertex]);
    match left_count + right_count {
        0 => heights[vertex],
        count => (left_sum + right_sum) / count as f64,
    }
}

/// Moves a layer as near to its wishes as order and gaps allow: least squares, by pooling
/// neighbours that want to pass each other.
fn spread(graph: &Graph, layer: &[usize], wishes: &[f64], heights: &mut [f64]) {
    struct Pool {
        weight: f64,
        sum: f64,
        size: usize,
    }
    let mut offsets = Vec::with_capacity(layer.len());
    let mut pools: Vec<Pool> = Vec::new();
    let mut offset = 0.0;
    for (place, &vertex) in layer.iter().enumerate() {
        if place > 0 {
            offset += gap(graph, layer[place - 1], vertex);
        }
        offsets.push(offset);
        let weight = if graph.is_dummy(vertex) { DUMMY_WEIGHT } else { 1.0 };
        let mut pool = Pool { weight, sum: weight * (wishes[place] - offset), size: 1 };
        while let Some(above) =
            pools.pop_if(|above| above.sum / above.weight > pool.sum / pool.weight)
        {
            pool.weight += above.weight;
            pool.sum += above.sum;
            pool.size += above.size;
        }
        pools.push(pool);
    }
    let placed =
        pools.iter().flat_map(|pool| std::iter::repeat_n(pool.sum / pool.weight, pool.size));
    for ((&vertex, offset), place) in layer.iter().zip(offsets).zip(placed) {
        heights[vertex] = place + offset;
    }
}

fn gap(graph: &Graph, above: usize, below: usize) -> f64 {
    let half = |vertex| {
        if graph.is_dummy(vertex) { LANE_GAP / 2.0 } else { NODE_GAP / 2.0 }
    };
    half(above) + half(below)
}
