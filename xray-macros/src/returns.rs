//! What the return type tells.

use syn::{
    GenericArgument, PathArguments, PathSegment, ReturnType, Token, Type, TypeParamBound, TypePath,
    parse_quote, punctuated::Punctuated,
};

/// The type as it can stand in the function's body, where no `impl Trait` can.
pub(crate) fn erased(returns: &ReturnType) -> Type {
    match returns {
        ReturnType::Default => parse_quote!(()),
        ReturnType::Type(_, returned) => without_impl(returned),
    }
}

fn without_impl(of: &Type) -> Type {
    let mut erased = of.clone();
    erase(&mut erased);
    erased
}

fn erase(of: &mut Type) {
    match of {
        Type::ImplTrait(_) => *of = parse_quote!(_),
        Type::Array(inner) => erase(&mut inner.elem),
        Type::Group(inner) => erase(&mut inner.elem),
        Type::Paren(inner) => erase(&mut inner.elem),
        Type::Reference(inner) => erase(&mut inner.elem),
        Type::Slice(inner) => erase(&mut inner.elem),
        Type::Tuple(inner) => inner.elems.iter_mut().for_each(erase),
        Type::Path(path) => {
            for segment in &mut path.path.segments {
                if let PathArguments::AngleBracketed(arguments) = &mut segment.arguments {
                    for argument in &mut arguments.args {
                        if let GenericArgument::Type(inner) = argument {
                            erase(inner);
                        }
                    }
                }
            }
        }
        _ => {}
    }
}

/// Whether it looks like a future, or the handle of a task.
pub(crate) fn is_awaitable(returns: &ReturnType) -> bool {
    let named = |path: &TypePath| {
        path.path.segments.last().is_some_and(|last| last.ident.to_string().ends_with("Handle"))
    };
    let handle = matches!(returns, ReturnType::Type(_, returned)
        if matches!(&**returned, Type::Path(path) if named(path)));
    handle || Returned::of(returns).is_some()
}

/// A future that a function returns.
pub(crate) struct Returned {
    /// Whether it stands behind a `Pin<Box<…>>`.
    pub(crate) boxed: bool,
    /// What it gives, if that is written there.
    pub(crate) output: Option<Type>,
}

impl Returned {
    /// `impl Future`, `Pin<Box<dyn Future>>`, or `BoxFuture` and `LocalBoxFuture` of the crate `futures`.
    pub(crate) fn of(returns: &ReturnType) -> Option<Self> {
        let ReturnType::Type(_, returned) = returns else { return None };
        match &**returned {
            Type::ImplTrait(future) => Self::of_bounds(&future.bounds, false),
            Type::Path(path) => Self::of_boxed(path),
            _ => None,
        }
    }

    fn of_boxed(path: &TypePath) -> Option<Self> {
        let last = path.path.segments.last()?;
        if last.ident == "BoxFuture" || last.ident == "LocalBoxFuture" {
            return Some(Self { boxed: true, output: types(last).last().map(without_impl) });
        }
        let Type::Path(inner) = types(last).next().filter(|_| last.ident == "Pin")? else {
            return None;
        };
        let last = inner.path.segments.last().filter(|last| last.ident == "Box")?;
        match types(last).next()? {
            Type::TraitObject(future) => Self::of_bounds(&future.bounds, true),
            _ => None,
        }
    }

    /// If there is a `Future` among the bounds.
    fn of_bounds(bounds: &Punctuated<TypeParamBound, Token![+]>, boxed: bool) -> Option<Self> {
        let future = bounds.iter().find_map(|bound| match bound {
            TypeParamBound::Trait(bound) => {
                bound.path.segments.last().filter(|last| last.ident == "Future")
            }
            _ => None,
        })?;
        let output = arguments(future).find_map(|argument| match argument {
            GenericArgument::AssocType(output) if output.ident == "Output" => {
                Some(without_impl(&output.ty))
            }
            _ => None,
        });
        Some(Self { boxed, output })
    }
}

fn types(segment: &PathSegment) -> impl Iterator<Item = &Type> {
    arguments(segment).filter_map(|argument| match argument {
        GenericArgument::Type(inner) => Some(inner),
        _ => None,
    })
}

fn arguments(segment: &PathSegment) -> impl Iterator<Item = &GenericArgument> {
    let arguments = match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => Some(arguments.args.iter()),
        _ => None,
    };
    arguments.into_iter().flatten()
}
