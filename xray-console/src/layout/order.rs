//! Orders the vertices of each layer so that few edges cross.

use super::layer::Graph;

const SWEEPS: usize = 8;
/// Sweeps of a graph without dummies.
const QUICK_SWEEPS: usize = 2;
/// How often neighbours of one layer are tried the other way round, per sweep.
const TRANSPOSE_PASSES: usize = 3;

/// Reorders `graph.layers` by barycentre sweeps and, where every edge joins neighbouring layers,
/// by swapping neighbours. The best order seen is kept.
pub(super) fn reduce_crossings(graph: &mut Graph) {
    let mut position = vec![0; graph.layer_of.len()];
    for layer in &graph.layers {
        number(layer, &mut position);
    }
    if !graph.full {
        for sweep in 0..QUICK_SWEEPS {
            barycentre(graph, &mut position, sweep % 2 == 0);
        }
        return;
    }
    let mut best = graph.layers.clone();
    let mut fewest = crossings(graph, &position);
    for sweep in 0..SWEEPS {
        if fewest == 0 {
            break;
        }
        barycentre(graph, &mut position, sweep % 2 == 0);
        transpose(graph, &mut position);
        let now = crossings(graph, &position);
        if now < fewest {
            fewest = now;
            best.clone_from(&graph.layers);
        }
    }
    graph.layers = best;
}

/// How many pairs of edges cross.
#[cfg(test)]
pub(super) fn count(graph: &Graph) -> usize {
    let mut position = vec![0; graph.layer_of.len()];
    for layer in &graph.layers {
        number(layer, &mut position);
    }
    crossings(graph, &position)
}

fn number(layer: &[usize], position: &mut [usize]) {
    for (place, &vertex) in layer.iter().enumerate() {
        position[vertex] = place;
    }
}

/// Moves each vertex to the mean position of its neighbours on one side, layer by layer.
fn barycentre(graph: &mut Graph, position: &mut [usize], rightwards: bool) {
    let depth = graph.layers.len();
    for step in 1..depth {
        let at = if rightwards { step } else { depth - 1 - step };
        let sides = if rightwards { &graph.left } else { &graph.right };
        let mean = |vertex: usize| match sides[vertex].as_slice() {
            [] => position[vertex] as f64,
            near => {
                near.iter().map(|&other| position[other]).sum::<usize>() as f64 / near.len() as f64
            }
        };
        let mut keyed: Vec<(f64, usize)> =
            graph.layers[at].iter().map(|&vertex| (mean(vertex), vertex)).collect();
        keyed.sort_by(|one, other| one.0.total_cmp(&other.0));
        let layer: Vec<usize> = keyed.into_iter().map(|(_, vertex)| vertex).collect();
        number(&layer, position);
        graph.layers[at] = layer;
    }
}

/// Swaps neighbours of a layer as long as that saves crossings.
fn transpose(graph: &mut Graph, position: &mut [usize]) {
    for _ in 0..TRANSPOSE_PASSES {
        let mut improved = false;
        for at in 0..graph.layers.len() {
            let near: Vec<[Vec<usize>; 2]> = graph.layers[at]
                .iter()
                .map(|&vertex| {
                    [&graph.left, &graph.right].map(|side| sorted(&side[vertex], position))
                })
                .collect();
            // The neighbours' positions stay while this layer's change, so they are read once.
            let mut order: Vec<usize> = (0..near.len()).collect();
            for upper in 1..order.len() {
                let [one, other] = [&near[order[upper - 1]], &near[order[upper]]];
                let kept = inversions(&one[0], &other[0]) + inversions(&one[1], &other[1]);
                let swapped = inversions(&other[0], &one[0]) + inversions(&other[1], &one[1]);
                if swapped < kept {
                    order.swap(upper - 1, upper);
                    improved = true;
                }
            }
            let layer: Vec<usize> = order.iter().map(|&old| graph.layers[at][old]).collect();
            number(&layer, position);
            graph.layers[at] = layer;
        }
        if !improved {
            break;
        }
    }
}

fn sorted(near: &[usize], position: &[usize]) -> Vec<usize> {
    let mut places: Vec<usize> = near.iter().map(|&vertex| position[vertex]).collect();
    places.sort_unstable();
    places
}

/// How many pairs of the two sorted lists are the wrong way round.
fn inversions(upper: &[usize], lower: &[usize]) -> usize {
    let mut below = 0;
    let mut total = 0;
    for place in upper {
        while lower.get(below).is_some_and(|other| other < place) {
            below += 1;
        }
        total += below;
    }
    total
}

fn crossings(graph: &Graph, position: &[usize]) -> usize {
    graph.layers.iter().map(|layer| crossings_right_of(graph, layer, position)).sum()
}

/// Counts inversions of the edges that leave a layer, with a binary indexed tree.
fn crossings_right_of(graph: &Graph, layer: &[usize], position: &[usize]) -> usize {
    let widest = layer
        .iter()
        .flat_map(|&vertex| &graph.right[vertex])
        .map(|&vertex| position[vertex] + 1)
        .max()
        .unwrap_or(0);
    let mut tree = vec![0_usize; widest + 1];
    let mut seen = 0;
    let mut total = 0;
    for &vertex in layer {
        let places = sorted(&graph.right[vertex], position);
        for place in &places {
            let mut at = place + 1;
            let mut not_below = 0;
            while at > 0 {
                not_below += tree[at];
                at &= at - 1;
            }
            total += seen - not_below;
        }
        for place in &places {
            let mut at = place + 1;
            while at < tree.len() {
                tree[at] += 1;
                at += at & at.wrapping_neg();
            }
        }
        seen += places.len();
    }
    total
}
