use maud::{DOCTYPE, Markup, html};

/// Which page, and so which script and which mark in the navigation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    Map,
    Traces,
    Trace,
    Sampling,
    Status,
    Other,
}

impl Page {
    const fn script(self) -> Option<&'static str> {
        match self {
            Self::Map => Some("/ui/map.js"),
            Self::Traces => Some("/ui/traces.js"),
            Self::Trace => Some("/ui/trace.js"),
            Self::Sampling => Some("/ui/sampling.js"),
            Self::Status => Some("/ui/status.js"),
            Self::Other => None,
        }
    }
}

/// The frame around every page.
pub(super) fn shell(page: Page, title: &str, body: &Markup) -> Markup {
    let link = |to: &str, text: &str, on: bool| {
        html! { a href=(to) aria-current=[on.then_some("page")] { (text) } }
    };
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · X-Ray console" }
                link rel="icon" href="/ui/logo.svg" type="image/svg+xml";
                link rel="stylesheet" href="/ui/console.css";
                link rel="stylesheet" href="/ui/waterfall.css";
                // Not a module: it sets the theme before the first paint.
                script src="/ui/theme.js" {}
                @if let Some(script) = page.script() {
                    script type="module" src=(script) {}
                }
            }
            body {
                a.skip href="#content" { "Skip to content" }
                header.top {
                    a.brand href="/map" { (logo()) span { "X-Ray " b { "console" } } }
                    nav aria-label="Pages" {
                        (link("/map", "Map", page == Page::Map))
                        (link("/traces", "Traces", matches!(page, Page::Traces | Page::Trace)))
                        (link("/sampling", "Sampling", page == Page::Sampling))
                        (link("/status", "Status", page == Page::Status))
                    }
                    span.live #live role="status" hidden { span.dot {} span.word { "Live" } }
                    button.icon #theme type="button" aria-label="Switch between light and dark" title="Theme" { (sun()) (moon()) }
                }
                p.banner #banner role="alert" hidden {}
                div #content { (body) }
            }
        }
    }
}

fn logo() -> Markup {
    html! {
        svg.logo viewBox="0 0 24 24" aria-hidden="true" {
            path d="M6.5 12 17 6M6.5 12 17 18" {}
            circle.a cx="6" cy="12" r="3.6" {}
            circle.b cx="18" cy="5.5" r="2.7" {}
            circle.c cx="18" cy="18.5" r="2.7" {}
        }
    }
}

fn sun() -> Markup {
    html! {
        svg.sun viewBox="0 0 20 20" aria-hidden="true" {
            circle cx="10" cy="10" r="3.4" {}
            path d="M10 1.8v2.4M10 15.8v2.4M1.8 10h2.4M15.8 10h2.4M4.2 4.2l1.7 1.7M14.1 14.1l1.7 1.7M15.8 4.2l-1.7 1.7M5.9 14.1l-1.7 1.7" {}
        }
    }
}

fn moon() -> Markup {
    html! {
        svg.moon viewBox="0 0 20 20" aria-hidden="true" { path d="M16.5 12.3A7 7 0 0 1 7.7 3.5a7 7 0 1 0 8.8 8.8Z" {} }
    }
}
