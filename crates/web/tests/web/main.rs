//! Pages, API and live feed over a node in memory that applies the real law.

mod api;
mod files;
mod pages;
mod support;
mod treaty;
mod validators;
