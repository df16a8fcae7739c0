//! What one file of Rust says of other modules.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Ident, ImplItem, Item, UseTree, Visibility};

/// Names, from the left to the right of a path.
pub(super) type Names = Vec<String>;

/// One file, without what is built for its tests only.
#[derive(Debug, Default)]
pub(super) struct Source {
    /// The modules below it, each in a file of its own.
    pub(super) children: BTreeSet<String>,
    /// What it defines, apart from what macros make.
    pub(super) defined: BTreeSet<String>,
    pub(super) imports: Vec<Import>,
    /// The paths outside of its `use` lines.
    pub(super) paths: BTreeSet<Names>,
}

/// One name that a `use` line brings in.
#[derive(Debug)]
pub(super) struct Import {
    /// As it is called here. An import of everything has none.
    pub(super) name: Option<String>,
    pub(super) path: Names,
    /// Whether others can take the name from here.
    pub(super) is_public: bool,
}

impl Source {
    /// What brings in a name.
    pub(super) fn import(&self, name: &str) -> Option<&Import> {
        self.imports.iter().find(|import| import.name.as_deref() == Some(name))
    }

    /// Whether a name is one of its own, or handed on.
    pub(super) fn knows(&self, name: &str) -> bool {
        self.defined.contains(name) || self.children.contains(name) || self.import(name).is_some()
    }

    pub(super) fn read(text: &str) -> Self {
        let mut source = Self::default();
        source.visit_file(&syn::parse_file(text).expect("the compiler accepts it"));
        source
    }

    fn bring_in(&mut self, tree: &UseTree, before: &[String], is_public: bool) {
        let with = |name: &Ident| [before, &[name.to_string()]].concat();
        match tree {
            UseTree::Path(path) => self.bring_in(&path.tree, &with(&path.ident), is_public),
            UseTree::Group(group) => {
                group.items.iter().for_each(|tree| self.bring_in(tree, before, is_public));
            }
            UseTree::Name(name) if name.ident == "self" => {
                self.add(before.last().cloned(), before.to_vec(), is_public);
            }
            UseTree::Name(name) => {
                self.add(Some(name.ident.to_string()), with(&name.ident), is_public);
            }
            UseTree::Rename(rename) => {
                self.add(Some(rename.rename.to_string()), with(&rename.ident), is_public);
            }
            UseTree::Glob(_) => self.add(None, before.to_vec(), is_public),
        }
    }

    fn add(&mut self, name: Option<String>, path: Names, is_public: bool) {
        self.imports.push(Import { name, path, is_public });
    }

    /// Macros are given tokens: whatever looks like a path in them is taken for one, except for a
    /// name alone, which is most often a variable.
    fn scan(&mut self, tokens: TokenStream) {
        let (mut path, mut colons) = (Names::new(), 0);
        for token in tokens {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == ':' => {
                    colons += 1;
                    continue;
                }
                TokenTree::Ident(ident) if colons == 2 => path.push(ident.to_string()),
                TokenTree::Ident(ident) => self.end(&mut path, vec![ident.to_string()]),
                TokenTree::Group(group) => {
                    self.end(&mut path, Names::new());
                    self.scan(group.stream());
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => self.end(&mut path, Names::new()),
            }
            colons = 0;
        }
        self.end(&mut path, Names::new());
    }

    fn end(&mut self, path: &mut Names, next: Names) {
        let path = std::mem::replace(path, next);
        if path.len() > 1 {
            self.paths.insert(path);
        }
    }
}

impl<'ast> Visit<'ast> for Source {
    fn visit_item(&mut self, item: &'ast Item) {
        let (attributes, name) = described(item).unwrap_or_default();
        if !is_for_tests(attributes) {
            self.defined.extend(name.map(Ident::to_string));
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        let attributes = match item {
            ImplItem::Fn(function) => &function.attrs[..],
            ImplItem::Const(constant) => &constant.attrs[..],
            _ => &[],
        };
        if !is_for_tests(attributes) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        assert!(module.content.is_none(), "the module {} has no file of its own", module.ident);
        self.children.insert(module.ident.to_string());
    }

    fn visit_item_use(&mut self, line: &'ast syn::ItemUse) {
        if line.leading_colon.is_none() {
            let is_public = !matches!(line.vis, Visibility::Inherited);
            self.bring_in(&line.tree, &[], is_public);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            let names = path.segments.iter().map(|segment| segment.ident.to_string());
            self.paths.insert(names.collect());
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.scan(call.tokens.clone());
        visit::visit_macro(self, call);
    }

    /// Attributes name derives and options, not modules.
    fn visit_attribute(&mut self, _: &'ast Attribute) {}

    /// `pub(in crate::x)` asks for nothing of `x`.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    })
}

/// The attributes of an item, and its name if other modules can import it.
fn described(item: &Item) -> Option<(&[Attribute], Option<&Ident>)> {
    Some(match item {
        Item::Const(item) => (&item.attrs, Some(&item.ident)),
        Item::Enum(item) => (&item.attrs, Some(&item.ident)),
        Item::Fn(item) => (&item.attrs, Some(&item.sig.ident)),
        Item::Impl(item) => (&item.attrs, None),
        Item::Macro(item) => (&item.attrs, None),
        Item::Mod(item) => (&item.attrs, None),
        Item::Static(item) => (&item.attrs, Some(&item.ident)),
        Item::Struct(item) => (&item.attrs, Some(&item.ident)),
        Item::Trait(item) => (&item.attrs, Some(&item.ident)),
        Item::Type(item) => (&item.attrs, Some(&item.ident)),
        Item::Use(item) => (&item.attrs, None),
        _ => return None,
    })
}
