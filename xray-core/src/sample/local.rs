use super::{LocalRules, Rule, SamplingRequest, pattern::matches, reservoir::Reservoir};

/// Local rules with what each has given in the current second.
#[derive(Debug)]
pub(crate) struct LocalSampler {
    rules: Vec<(Rule, Reservoir)>,
    default: (Rule, Reservoir),
}

impl LocalSampler {
    pub(crate) fn new(rules: &LocalRules) -> Self {
        let ready = |rule: &Rule| (rule.clone(), Reservoir::default());
        Self {
            rules: rules.rules().iter().map(ready).collect(),
            default: ready(rules.default_rule()),
        }
    }

    /// `second` gives the current second of the wall clock.
    pub(crate) fn decide(
        &self,
        request: &SamplingRequest<'_>,
        second: impl FnOnce() -> u64,
    ) -> bool {
        let found = self.rules.iter().find(|(rule, _)| applies(rule, request));
        let (rule, reservoir) = found.unwrap_or(&self.default);
        // Neither the clock nor chance is asked where the rate alone decides.
        if rule.rate >= 1.0 {
            return true;
        }
        if rule.fixed_target > 0 && reservoir.take(second(), rule.fixed_target) {
            return true;
        }
        rule.rate > 0.0 && rand::random::<f64>() < rule.rate
    }
}

/// A part that the request lacks matches any pattern.
fn applies(rule: &Rule, request: &SamplingRequest<'_>) -> bool {
    let part = |pattern, text: Option<&str>| text.is_none_or(|text| matches(pattern, text));
    part(&rule.url_path, request.path)
        && part(&rule.http_method, request.method)
        && part(&rule.host, request.host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_matching_rule_decides() {
        let rules: LocalRules = r#"{"version":2,"default":{"fixed_target":0,"rate":0},"rules":[
            {"host":"*","http_method":"GET","url_path":"/a/*","fixed_target":0,"rate":1},
            {"host":"*","http_method":"*","url_path":"/a/*","fixed_target":0,"rate":0}]}"#
            .parse()
            .unwrap();
        let sampler = LocalSampler::new(&rules);
        let decide = |method, path| {
            let path = Some(path);
            sampler.decide(&SamplingRequest { host: None, method: Some(method), path }, || 1)
        };
        assert!(decide("get", "/A/b"));
        assert!(!decide("POST", "/a/b"));
        assert!(!decide("GET", "/b"));
        assert!(sampler.decide(&SamplingRequest::default(), || 1));
    }

    #[test]
    fn built_in_rules_give_one_a_second_and_a_twentieth() {
        let sampler = LocalSampler::new(&LocalRules::default());
        let request = SamplingRequest::default();
        let count = (0..100_000).filter(|_| sampler.decide(&request, || 1)).count();
        // 5 % of 100,000, five sigma either way.
        assert!((4_655..=5_346).contains(&count), "{count}");
    }
}
