//! How long messages travel between capitals.
//!
//! Coordinates are those of GeoNames (geonames.org, CC BY 4.0), rounded to a hundredth of a degree.
//! Light travels some 200 km in a millisecond in glass fibre. Routes are longer than great circles
//! and pass through machines that wait: a delay is that of a straight fibre times a factor of 1.5
//! to 2, which each simulation draws, and a millisecond at the ends.

use rand::{SeedableRng as _, rngs::StdRng, seq::SliceRandom as _};

/// Keeps the choice of capitals apart from all other random numbers.
const STREAM: u64 = 0x6361_7069_7461_6c73;
/// Mean radius of the Earth.
const EARTH_KM: f64 = 6_371.0;
/// What light travels in glass fibre in a millisecond.
const FIBRE_KM_PER_MS: f64 = 200.0;
/// What the two ends of a route add, in milliseconds.
const ENDS_MS: u64 = 1;

/// A capital and where it is, in hundredths of a degree; south and west are negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capital {
    /// Its name.
    pub name: &'static str,
    latitude: i32,
    longitude: i32,
}

const fn capital(name: &'static str, latitude: i32, longitude: i32) -> Capital {
    Capital { name, latitude, longitude }
}

/// Capitals of all continents.
pub const CAPITALS: [Capital; 32] = [
    capital("Addis Ababa", 902, 3875),
    capital("Astana", 5118, 7145),
    capital("Beijing", 3991, 11640),
    capital("Bern", 4695, 745),
    capital("Bishkek", 4287, 7459),
    capital("Bogota", 461, -7408),
    capital("Brasilia", -1578, -4793),
    capital("Buenos Aires", -3461, -5838),
    capital("Cairo", 3006, 3125),
    capital("Canberra", -3528, 14913),
    capital("Dakar", 1469, -1744),
    capital("Jakarta", -621, 10685),
    capital("Lima", -1204, -7703),
    capital("Lisbon", 3873, -915),
    capital("Mexico City", 1943, -9913),
    capital("Minsk", 5390, 2757),
    capital("Moscow", 5575, 3762),
    capital("Nairobi", -128, 3682),
    capital("New Delhi", 2862, 7721),
    capital("Ottawa", 4541, -7570),
    capital("Pretoria", -2574, 2819),
    capital("Reykjavik", 6414, -2190),
    capital("Riyadh", 2469, 4672),
    capital("Santiago", -3346, -7065),
    capital("Singapore", 129, 10385),
    capital("Suva", -1814, 17843),
    capital("Tashkent", 4126, 6922),
    capital("Tokyo", 3569, 13969),
    capital("Vienna", 4821, 1637),
    capital("Washington", 3890, -7704),
    capital("Wellington", -4129, 17478),
    capital("Yerevan", 4018, 4451),
];

/// Different capitals for so many validators, at most all, by a seed.
pub fn choose(seed: u64, validators: u32) -> Vec<Capital> {
    let mut capitals = CAPITALS.to_vec();
    capitals.shuffle(&mut StdRng::seed_from_u64(seed ^ STREAM));
    capitals.truncate(validators as usize);
    capitals
}

/// Length of the great circle between two capitals, in kilometres, by the haversine formula.
pub fn distance_km(one: &Capital, other: &Capital) -> f64 {
    let radians = |hundredths: i32| f64::from(hundredths).to_radians() / 100.0;
    let half_sine_squared = |from: i32, to: i32| (radians(to - from) / 2.0).sin().powi(2);
    let across = half_sine_squared(one.latitude, other.latitude);
    let along = half_sine_squared(one.longitude, other.longitude);
    let cosines = radians(one.latitude).cos() * radians(other.latitude).cos();
    2.0 * EARTH_KM * (across + cosines * along).sqrt().asin()
}

/// The delay of a message one way, in milliseconds. `route_percent` is the length of the route in
/// hundredths of the great circle.
pub fn delay_ms(one: &Capital, other: &Capital, route_percent: u64) -> u64 {
    let straight_ms = distance_km(one, other) / FIBRE_KM_PER_MS;
    ENDS_MS + (straight_ms * route_percent as f64 / 100.0).round() as u64
}
