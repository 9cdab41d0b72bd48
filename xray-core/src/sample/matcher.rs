use super::{
    SamplingRequest,
    pattern::{Hint, Pattern, Text},
};

/// What a rule is for.
#[derive(Clone, Debug)]
pub(crate) struct Matcher {
    pub(crate) host: Pattern,
    pub(crate) http_method: Pattern,
    pub(crate) url_path: Pattern,
    pub(crate) service_name: Pattern,
    pub(crate) service_type: Pattern,
}

/// A request made ready to be compared with many rules.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    host: Option<Text<'a>>,
    method: Option<Text<'a>>,
    path: Option<Text<'a>>,
    service: Option<Text<'a>>,
    service_type: Option<Text<'a>>,
}

impl<'a> Asked<'a> {
    pub(crate) fn new(request: &SamplingRequest<'a>) -> Self {
        Self {
            host: request.host.map(Text::new),
            method: request.method.map(Text::new),
            path: request.path.map(Text::new),
            service: request.service.map(Text::new),
            service_type: request.service_type.map(Text::new),
        }
    }
}

impl Matcher {
    /// Matches every request.
    pub(crate) fn everything() -> Self {
        let any = || Pattern::new("*");
        Self {
            host: any(),
            http_method: any(),
            url_path: any(),
            service_name: any(),
            service_type: any(),
        }
    }

    /// A part that the request lacks matches any pattern.
    pub(crate) fn matches(&self, asked: &Asked<'_>) -> bool {
        fn part(pattern: &Pattern, text: Option<&Text<'_>>) -> bool {
            pattern.is_any() || text.is_none_or(|text| pattern.matches(text))
        }
        part(&self.host, asked.host.as_ref())
            && part(&self.url_path, asked.path.as_ref())
            && part(&self.http_method, asked.method.as_ref())
            && part(&self.service_name, asked.service.as_ref())
            && part(&self.service_type, asked.service_type.as_ref())
    }
}

/// The matchers of a list of rules, to find the first that matches.
#[derive(Clone, Debug, Default)]
pub(crate) struct Matchers {
    /// What most rules are ruled out by, side by side.
    hints: Box<[(Hint, Hint)]>,
    matchers: Box<[Matcher]>,
    /// Whether there is a hint among the hints.
    hinted: bool,
}

impl FromIterator<Matcher> for Matchers {
    fn from_iter<T: IntoIterator<Item = Matcher>>(matchers: T) -> Self {
        let matchers: Box<[Matcher]> = matchers.into_iter().collect();
        let hints = matchers.iter().map(|matcher| (matcher.host.hint(), matcher.url_path.hint()));
        let hints: Box<[_]> = hints.collect();
        let hinted =
            hints.iter().any(|(host, path)| host.says_something() || path.says_something());
        Self { hints, matchers, hinted }
    }
}

impl Matchers {
    /// The place of the first one that matches.
    pub(crate) fn first<'a>(&self, asked: &Asked<'a>) -> Option<usize> {
        let glance = |text: &Option<Text<'a>>| text.as_ref().filter(|_| self.hinted)?.at_a_glance();
        let (host, path) = (glance(&asked.host), glance(&asked.path));
        let matches = |place: usize| self.matchers[place].matches(asked);
        let (Some((host, host_hash)), Some((path, path_hash))) = (host, path) else {
            return (0..self.matchers.len()).find(|&place| matches(place));
        };
        let mut hints = self.hints.iter().enumerate();
        let found = hints.find(|(place, (of_host, of_path))| {
            !of_host.rules_out(host, host_hash)
                && !of_path.rules_out(path, path_hash)
                && matches(*place)
        });
        found.map(|(place, _)| place)
    }

    pub(crate) fn get(&self, place: usize) -> &Matcher {
        &self.matchers[place]
    }
}
