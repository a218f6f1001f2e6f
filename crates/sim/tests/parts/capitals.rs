use std::collections::BTreeSet;

use pacta_sim::capitals::{CAPITALS, Capital, choose, delay_ms, distance_km};

fn capital(name: &str) -> &'static Capital {
    CAPITALS.iter().find(|capital| capital.name == name).unwrap()
}

#[test]
fn distances_are_those_of_great_circles() {
    // Published distances, in kilometres, within what a round Earth and city centres differ by.
    for (one, other, km) in [
        ("Moscow", "Washington", 7_820.0),
        ("Vienna", "Bern", 680.0),
        ("Tokyo", "Santiago", 17_240.0),
        ("Wellington", "Suva", 2_600.0),
        ("Yerevan", "Bishkek", 2_480.0),
    ] {
        let found = distance_km(capital(one), capital(other));
        assert!((found - km).abs() < km * 0.02, "{one} to {other}: {found} km, not {km}");
    }
}

#[test]
fn delays_grow_with_distance_and_route_and_are_the_same_both_ways() {
    let (moscow, washington, minsk) = (capital("Moscow"), capital("Washington"), capital("Minsk"));
    // 7 820 km of fibre at 200 km a millisecond are 39 ms; twice that, and a millisecond.
    assert_eq!(delay_ms(moscow, washington, 200), 79);
    assert_eq!(delay_ms(moscow, washington, 200), delay_ms(washington, moscow, 200));
    assert!(delay_ms(moscow, washington, 150) < delay_ms(moscow, washington, 200));
    assert!(delay_ms(moscow, minsk, 200) < 10);
    assert_eq!(distance_km(minsk, minsk), 0.0);
    let longest = CAPITALS.iter().flat_map(|one| CAPITALS.iter().map(move |two| (one, two)));
    let longest = longest.map(|(one, two)| delay_ms(one, two, 200)).max().unwrap();
    assert!((180..=202).contains(&longest), "half the Earth takes 200 ms, not {longest}");
}

#[test]
fn capitals_are_on_the_earth_and_each_is_chosen_once() {
    let names: BTreeSet<_> = CAPITALS.iter().map(|capital| capital.name).collect();
    assert_eq!(names.len(), CAPITALS.len());
    let chosen = choose(3, 21);
    assert_eq!(chosen.iter().map(|one| one.name).collect::<BTreeSet<_>>().len(), 21);
    assert_eq!(choose(3, 21), chosen);
    assert_ne!(choose(4, 21), chosen);
}
