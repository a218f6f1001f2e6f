//! Pages, API and live feed over a node in memory that applies the real law.

mod api;
mod compose;
mod document;
mod files;
mod http;
mod lists;
mod pages;
mod support;
mod treaty;
mod validators;
