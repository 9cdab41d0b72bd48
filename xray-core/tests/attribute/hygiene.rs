//! What the user's code calls things, and which lints it turns on, is no concern of the attribute.
#![deny(unused, nonstandard_style, rust_2018_idioms)]
#![deny(elided_lifetimes_in_paths, let_underscore_drop, single_use_lifetimes, trivial_casts)]
#![deny(unreachable_pub, unused_lifetimes, unused_qualifications, unused_results)]
#![deny(clippy::all, clippy::pedantic, clippy::nursery)]
#![deny(clippy::as_underscore, clippy::pattern_type_mismatch, clippy::semicolon_inside_block)]
#![deny(clippy::shadow_reuse, clippy::shadow_same, clippy::shadow_unrelated)]
#![allow(clippy::redundant_pub_crate, reason = "the house writes it so")]

use serde_json::json;

use crate::support::recorded_in;

/// Everything that the expansion could name by a short name is something else here.
mod shadowed {
    #![allow(dead_code, unused_macros, non_camel_case_types)]

    pub(crate) struct Result;
    pub(crate) struct Option;
    pub(crate) struct Some;
    pub(crate) struct Ok;
    pub(crate) struct Err;
    pub(crate) struct Box;
    pub(crate) struct String;
    pub(crate) trait Send {}
    pub(crate) trait Future {}
    pub(crate) trait Into {}
    pub(crate) mod std {}
    pub(crate) mod core {}
    pub(crate) mod alloc {}
    pub(crate) mod xray_core {}
    macro_rules! format_args {
        ($($any:tt)*) => {
            compile_error!("not this one")
        };
    }

    #[::xray_core::subsegment(fields(?call), err, ret)]
    pub(crate) fn plain(
        call: u8,
        entity: u8,
        output: u8,
    ) -> ::core::result::Result<u8, ::core::fmt::Error> {
        let work = call + entity + output;
        ::core::result::Result::Ok(work)
    }

    #[::xray_core::subsegment(err, ret, crate = ::xray_core)]
    pub(crate) async fn awaited(
        error: u8,
        value: &str,
    ) -> ::core::result::Result<(), ::core::fmt::Error> {
        let given = ::core::future::ready(error).await;
        if given == 0 || value.is_empty() {
            return ::core::result::Result::Err(::core::fmt::Error);
        }
        ::core::result::Result::Ok(())
    }

    #[::xray_core::subsegment]
    pub(crate) fn future(
        call: u8,
    ) -> ::core::pin::Pin<::std::boxed::Box<dyn ::core::future::Future<Output = u8>>> {
        let work = call;
        ::std::boxed::Box::pin(async move { work })
    }

    macro_rules! functions {
        ($name:ident, $argument:ident: $type:ty, $body:expr) => {
            #[::xray_core::subsegment(fields(field = $argument + 1))]
            pub(crate) fn $name($argument: $type) -> $type {
                $body
            }
        };
    }

    functions!(from_a_macro, argument: u32, argument * 2);
}

/// A crate by another name.
mod renamed {
    use xray_core as traces;

    mod facade {
        pub(super) use ::xray_core as inner;
    }

    #[traces::subsegment(crate = facade::inner, ret)]
    pub(crate) fn plain() -> u8 {
        7
    }
}

#[test]
fn names_of_the_user_do_not_matter() {
    let ((), recorded) = recorded_in(async {
        assert_eq!(shadowed::plain(1, 2, 3), Ok(6));
        assert_eq!(shadowed::awaited(1, "x").await, Ok(()));
        assert_eq!(shadowed::future(3).await, 3);
        assert_eq!(shadowed::from_a_macro(3), 6);
        assert_eq!(renamed::plain(), 7);
    });
    assert_eq!(
        recorded.outline(),
        "orders\n  plain\n  awaited\n  future\n  from_a_macro\n  plain\n"
    );
    assert_eq!(
        recorded.get("orders/plain"),
        json!({
            "name": "plain",
            "annotations": {"call": "1"},
            "metadata": {"default": {"arguments": {"entity": 2, "output": 3}, "return": 6}},
        })
    );
    assert_eq!(recorded.get("orders/from_a_macro")["annotations"], json!({"field": 4}));
}

/// Functions that such lints would speak of if the expansion were the user's own.
mod linted {
    use std::{borrow::Cow, collections::HashMap, fmt::Display};

    #[xray_core::subsegment]
    pub(super) fn borrows(text: &str) -> Cow<'_, str> {
        Cow::Borrowed(text)
    }

    #[xray_core::subsegment(err, ret, fields(length = text.len()))]
    pub(super) fn fails(text: &str) -> Result<Option<HashMap<u8, u8>>, Box<dyn std::error::Error>> {
        let number: u8 = text.parse()?;
        if number == 0 {
            return Ok(None);
        }
        Ok(Some(HashMap::new()))
    }

    #[xray_core::subsegment(skip_all)]
    pub(super) async fn shows(item: impl Display + Send + Sync) -> String {
        std::future::ready(()).await;
        item.to_string()
    }

    #[xray_core::subsegment]
    pub(super) async fn yields(flag: bool) -> impl Future<Output = bool> {
        assert!(std::future::ready(flag).await);
        std::future::ready(flag)
    }

    #[xray_core::subsegment]
    pub(super) async fn handle() -> tokio::task::JoinHandle<u8> {
        std::future::ready(()).await;
        tokio::spawn(async { 7 })
    }

    #[xray_core::subsegment]
    pub(super) async fn not_at_all(flag: bool) -> ! {
        panic!("{}", std::future::ready(flag).await)
    }

    #[xray_core::subsegment]
    pub(super) async fn unit(flag: bool) {
        assert!(std::future::ready(flag).await);
    }
}

#[test]
fn lints_of_the_user_do_not_matter() {
    let ((), recorded) = recorded_in(async {
        assert_eq!(linted::borrows("x"), "x");
        assert_eq!(linted::fails("0").unwrap(), None);
        assert_eq!(linted::shows(7).await, "7");
        linted::unit(true).await;
        assert!(linted::yields(true).await.await);
        assert_eq!(linted::handle().await.await.unwrap(), 7);
        drop(linted::not_at_all(true));
    });
    assert_eq!(
        recorded.outline(),
        "orders\n  borrows\n  fails\n  shows\n  unit\n  yields\n  handle\n"
    );
}
