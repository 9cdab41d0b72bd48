//! Who holds how much of one rule's reservoir, and for how long.
//!
//! A client keeps what it was granted until the grant's end, whether or not a later answer reaches it. So a
//! grant counts until then, also when a smaller one follows it, and nobody gets more than what is left beside
//! the grants of all others. That is why the quotas that are valid at any moment never add up to more than
//! the reservoir, in whatever order clients report. The price is that a share that shrinks is free for
//! others only when the larger grant ends.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::report::Statistics;

/// Before a second report tells, how many seconds the first one is about.
const FIRST_SPAN: f64 = 10.0;
/// A report after a longer silence is not about a lower demand.
const LONGEST_SPAN: f64 = 60.0;

/// So many requests a second, up to the end of this second of the wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) quota: u32,
    pub(crate) until: u64,
}

/// The grants of one rule.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    holders: BTreeMap<Arc<str>, Holder>,
    /// What clients that have left may still hold.
    departed: Vec<Grant>,
}

/// A client that has reported about the rule.
#[derive(Debug)]
pub(crate) struct Holder {
    /// Those that end later are smaller.
    grants: Vec<Grant>,
    /// When it last reported.
    pub(crate) reported: f64,
    /// Requests a second, in thousandths; at least one.
    demand: u64,
    pub(crate) requests: u64,
    pub(crate) sampled: u64,
    pub(crate) borrowed: u64,
}

impl Ledger {
    /// Takes a report of the client.
    pub(crate) fn report(&mut self, client: &Arc<str>, statistics: &Statistics<'_>, now: f64) {
        let known = self.holders.get(client).map(|holder| holder.reported);
        let span = known.map_or(FIRST_SPAN, |last| (now - last).clamp(1.0, LONGEST_SPAN));
        let holder = self.holders.entry(Arc::clone(client)).or_insert_with(Holder::new);
        holder.demand = (f64::from(statistics.requests) * 1_000.0 / span) as u64 + 1;
        holder.reported = now;
        holder.requests += u64::from(statistics.requests);
        holder.sampled += u64::from(statistics.sampled);
        holder.borrowed += u64::from(statistics.borrowed);
    }

    /// Grants the client its share of the reservoir, or what is left of it, for `ttl` seconds.
    pub(crate) fn grant(&mut self, client: &str, reservoir: u32, now: f64, ttl: u32) -> Grant {
        let second = now as u64;
        let until = second + u64::from(ttl);
        let share = self.share(client, reservoir, now - f64::from(ttl));
        let held = self.held(second) - self.holders.get(client).map_or(0, |own| own.held(second));
        let left = u64::from(reservoir).saturating_sub(held);
        let quota = share.min(u32::try_from(left).unwrap_or(share));
        let grant = Grant { quota, until };
        if let Some(holder) = self.holders.get_mut(client) {
            // Those that have ended count no more, nor do those that are neither larger nor longer.
            holder
                .grants
                .retain(|old| old.until >= second && (old.quota > quota || old.until > until));
            holder.grants.push(grant);
        }
        grant
    }

    /// What the grants that are valid in this second add up to.
    pub(crate) fn held(&self, second: u64) -> u64 {
        let departed = self.departed.iter().filter(|grant| grant.until >= second);
        self.holders.values().map(|holder| holder.held(second)).sum::<u64>()
            + departed.map(|grant| u64::from(grant.quota)).sum::<u64>()
    }

    /// The client is forgotten; what it may still hold is not.
    pub(crate) fn forget(&mut self, client: &str, now: f64) {
        let Some(mut holder) = self.holders.remove(client) else { return };
        self.departed.retain(|grant| grant.until >= now as u64);
        // Out of order only if the clock was set back.
        holder.grants.sort_unstable_by_key(|grant| grant.until);
        // Of each grant the part by which it is larger than the one that ends after it.
        let mut above = 0;
        for grant in holder.grants.iter().rev().filter(|grant| grant.until >= now as u64) {
            let more = grant.quota.saturating_sub(above);
            above += more;
            match self.departed.iter_mut().find(|departed| departed.until == grant.until) {
                Some(departed) => departed.quota = departed.quota.saturating_add(more),
                None => self.departed.push(Grant { quota: more, until: grant.until }),
            }
        }
    }

    pub(crate) fn holders(&self) -> impl Iterator<Item = (&Arc<str>, &Holder)> {
        self.holders.iter()
    }

    /// The client's part by demand among those that have reported since, by largest remainder.
    fn share(&self, client: &str, reservoir: u32, since: f64) -> u32 {
        let active = || self.holders.iter().filter(|(_, holder)| holder.reported >= since);
        let all = active().map(|(_, holder)| u128::from(holder.demand)).sum::<u128>().max(1);
        let part = |holder: &Holder| u128::from(reservoir) * u128::from(holder.demand);
        let whole = |holder: &Holder| (part(holder) / all) as u32;
        let given: u32 = active().map(|(_, holder)| whole(holder)).sum();
        let mut remainders: Vec<_> =
            active().map(|(name, holder)| (part(holder) % all, name)).collect();
        // The first names win a tie.
        remainders.sort_unstable_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1)));
        let mut lucky = remainders.iter().take((reservoir - given) as usize);
        let one_more = lucky.any(|(_, name)| &***name == client);
        self.holders.get(client).map_or(0, |holder| whole(holder) + u32::from(one_more))
    }
}

impl Holder {
    fn new() -> Self {
        let grants = Vec::new();
        Self { grants, reported: 0.0, demand: 1, requests: 0, sampled: 0, borrowed: 0 }
    }

    /// The largest quota that it may hold in this second.
    pub(crate) fn held(&self, second: u64) -> u64 {
        let valid = self.grants.iter().filter(|grant| grant.until >= second);
        valid.map(|grant| u64::from(grant.quota)).max().unwrap_or(0)
    }

    /// What it was granted last.
    pub(crate) fn grant(&self) -> Option<Grant> {
        self.grants.last().copied()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    use super::*;

    const TTL: u32 = 12;

    fn report(ledger: &mut Ledger, client: &str, requests: u32, now: f64) {
        let id: Arc<str> = client.into();
        let statistics = Statistics { rule: "r", client, requests, sampled: 0, borrowed: 0 };
        ledger.report(&id, &statistics, now);
    }

    /// A report, and the quota that answers it.
    fn quota(ledger: &mut Ledger, client: &str, requests: u32, reservoir: u32, now: f64) -> u32 {
        report(ledger, client, requests, now);
        let grant = ledger.grant(client, reservoir, now, TTL);
        assert_eq!(grant.until, now as u64 + u64::from(TTL));
        grant.quota
    }

    #[test]
    fn a_lone_client_has_the_whole_reservoir() {
        let mut ledger = Ledger::default();
        assert_eq!(quota(&mut ledger, "a", 0, 7, 100.5), 7);
        assert_eq!(quota(&mut ledger, "a", 10_000, 7, 110.5), 7);
        assert_eq!(ledger.held(110), 7);
        assert_eq!((ledger.held(122), ledger.held(123)), (7, 0), "valid to the end of that second");
    }

    #[test]
    fn a_newcomer_gets_what_is_left_and_then_its_share() {
        let mut ledger = Ledger::default();
        assert_eq!(quota(&mut ledger, "a", 300, 9, 100.0), 9);
        assert_eq!(quota(&mut ledger, "b", 600, 9, 105.0), 0, "the first still holds all");
        assert_eq!(quota(&mut ledger, "a", 300, 9, 110.0), 3, "a third of the demand");
        assert_eq!(quota(&mut ledger, "b", 600, 9, 112.0), 0, "the old grant may still be held");
        assert_eq!(quota(&mut ledger, "b", 60, 9, 113.0), 6, "demand is by the second");
        assert_eq!(
            quota(&mut ledger, "b", 600, 9, 123.0),
            9,
            "the other has been silent for too long"
        );
    }

    #[test]
    fn shares_are_whole_and_the_same_for_whoever_asks_first() {
        let shares = |order: [&'static str; 3]| {
            let mut ledger = Ledger::default();
            for client in order {
                report(&mut ledger, client, 10, 100.0);
            }
            let mut shares: Vec<_> =
                order.map(|client| (client, ledger.grant(client, 5, 100.0, TTL).quota)).into();
            shares.sort_unstable();
            shares
        };
        let expected = [("a", 2), ("b", 2), ("c", 1)];
        assert_eq!(shares(["a", "b", "c"]), expected);
        assert_eq!(shares(["c", "b", "a"]), expected);
    }

    #[test]
    fn a_reservoir_that_shrank_gives_nothing_until_the_old_grants_end() {
        let mut ledger = Ledger::default();
        assert_eq!(quota(&mut ledger, "a", 10, 100, 100.0), 100);
        assert_eq!(quota(&mut ledger, "b", 10, 4, 101.0), 0);
        assert_eq!(quota(&mut ledger, "a", 10, 4, 110.0), 2);
        assert_eq!(quota(&mut ledger, "b", 10, 4, 113.0), 2);
        assert_eq!(quota(&mut ledger, "a", 10, 0, 114.0), 0);
    }

    #[test]
    fn what_a_forgotten_client_holds_still_counts() {
        let mut ledger = Ledger::default();
        assert_eq!(quota(&mut ledger, "a", 10, 6, 100.0), 6);
        report(&mut ledger, "b", 10, 104.0);
        assert_eq!(ledger.grant("a", 6, 104.0, TTL).quota, 3);
        ledger.forget("a", 105.0);
        assert_eq!([112, 113, 116, 117].map(|second| ledger.held(second)), [6, 3, 3, 0]);
        assert_eq!(quota(&mut ledger, "b", 10, 6, 112.0), 0);
        assert_eq!(quota(&mut ledger, "b", 10, 6, 113.0), 3);
        assert_eq!(quota(&mut ledger, "b", 10, 6, 117.0), 6);
    }

    /// The promise: many clients, in any order, at any time, some of them forgotten.
    #[test]
    fn valid_quotas_never_exceed_the_reservoir() {
        for seed in 0..20 {
            let mut random = StdRng::seed_from_u64(seed);
            let reservoir = random.random_range(1..60);
            let clients = random.random_range(1..40);
            let mut ledger = Ledger::default();
            let mut now = 1_000.0;
            // What each client was ever told, as it would remember the largest of it.
            let mut told: HashMap<String, Vec<Grant>> = HashMap::new();
            let mut most = 0;
            for _ in 0..2_000 {
                now += random.random_range(0.0..1.5);
                let client = format!("client {}", random.random_range(0..clients));
                if random.random_ratio(1, 50) {
                    ledger.forget(&client, now);
                    continue;
                }
                report(&mut ledger, &client, random.random_range(0..5_000), now);
                let grant = ledger.grant(&client, reservoir, now, TTL);
                told.entry(client).or_default().push(grant);
                let second = now as u64;
                let valid: u32 = told
                    .values()
                    .map(|grants| {
                        let valid = grants.iter().filter(|grant| grant.until >= second);
                        valid.map(|grant| grant.quota).max().unwrap_or(0)
                    })
                    .sum();
                assert!(valid <= reservoir, "{valid} of {reservoir}, seed {seed}");
                assert!(ledger.held(second) >= u64::from(valid));
                assert!(ledger.holders.values().all(|holder| holder.grants.len() <= 13));
                most = most.max(valid);
            }
            assert_eq!(most, reservoir, "all of it is used, seed {seed}");
        }
    }
}
