//! Rules of decision of organizations and States, each as a text that is tested.
//!
//! A rule marked `verify` was written from memory: compare it with its source before you rely on
//! it. Of the others the majorities were compared with their source, at least in part; the articles
//! that they cite, and what they say of ties, periods, routes and who is bound, were not.

use crate::decision_rule::DecisionRule;
use crate::error::Error;

/// A rule of the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LibraryRule {
    /// Its number in the catalogue; several rules of one entry share it.
    pub number: u32,
    /// Its name, which no other rule has.
    pub slug: &'static str,
    /// Its text.
    pub text: &'static str,
}

impl LibraryRule {
    /// The rule of a name.
    #[must_use]
    pub fn of_slug(slug: &str) -> Option<&'static Self> {
        LIBRARY.iter().find(|rule| rule.slug == slug)
    }

    /// Reads its text.
    ///
    /// # Errors
    /// As [`DecisionRule::from_text`]; the tests show that none occurs.
    pub fn read(&self) -> Result<DecisionRule, Error> {
        DecisionRule::from_text(self.text)
    }
}

const fn rule(number: u32, slug: &'static str, text: &'static str) -> LibraryRule {
    LibraryRule { number, slug, text }
}

/// All rules, in the order of their numbers.
pub const LIBRARY: &[LibraryRule] = &[
    rule(
        1,
        "01-unsc-peaceful-settlement",
        include_str!("../data/rules/01-unsc-peaceful-settlement.rule"),
    ),
    rule(1, "01-unsc-substance", include_str!("../data/rules/01-unsc-substance.rule")),
    rule(2, "02-unsc-procedure", include_str!("../data/rules/02-unsc-procedure.rule")),
    rule(3, "03-unsc-1946", include_str!("../data/rules/03-unsc-1946.rule")),
    rule(4, "04-unga-majority", include_str!("../data/rules/04-unga-majority.rule")),
    rule(4, "04-unga-ordinary", include_str!("../data/rules/04-unga-ordinary.rule")),
    rule(5, "05-unga-important", include_str!("../data/rules/05-unga-important.rule")),
    rule(6, "06-unc-amendment", include_str!("../data/rules/06-unc-amendment.rule")),
    rule(7, "07-unsc-elections", include_str!("../data/rules/07-unsc-elections.rule")),
    rule(8, "08-icj-judges", include_str!("../data/rules/08-icj-judges.rule")),
    rule(9, "09-un-membership", include_str!("../data/rules/09-un-membership.rule")),
    rule(10, "10-un-secretary-general", include_str!("../data/rules/10-un-secretary-general.rule")),
    rule(11, "11-un-arrears", include_str!("../data/rules/11-un-arrears.rule")),
    rule(12, "12-unsc-snapback", include_str!("../data/rules/12-unsc-snapback.rule")),
    rule(13, "13-iaea-ordinary", include_str!("../data/rules/13-iaea-ordinary.rule")),
    rule(13, "13-iaea-qualified", include_str!("../data/rules/13-iaea-qualified.rule")),
    rule(14, "14-icao-amendment", include_str!("../data/rules/14-icao-amendment.rule")),
    rule(14, "14-icao-annex", include_str!("../data/rules/14-icao-annex.rule")),
    rule(14, "14-icao-assembly", include_str!("../data/rules/14-icao-assembly.rule")),
    rule(15, "15-itu-plenary", include_str!("../data/rules/15-itu-plenary.rule")),
    rule(16, "16-upu-constitution", include_str!("../data/rules/16-upu-constitution.rule")),
    rule(16, "16-upu-regulations", include_str!("../data/rules/16-upu-regulations.rule")),
    rule(17, "17-who-regulations", include_str!("../data/rules/17-who-regulations.rule")),
    rule(18, "18-imo-tacit", include_str!("../data/rules/18-imo-tacit.rule")),
    rule(19, "19-unfccc-cop", include_str!("../data/rules/19-unfccc-cop.rule")),
    rule(20, "20-cites-appendices", include_str!("../data/rules/20-cites-appendices.rule")),
    rule(21, "21-iwc-schedule", include_str!("../data/rules/21-iwc-schedule.rule")),
    rule(22, "22-montreal-adjustment", include_str!("../data/rules/22-montreal-adjustment.rule")),
    rule(23, "23-gef-council", include_str!("../data/rules/23-gef-council.rule")),
    rule(24, "24-gcf-board", include_str!("../data/rules/24-gcf-board.rule")),
    rule(25, "25-isa-council", include_str!("../data/rules/25-isa-council.rule")),
    rule(26, "26-isa-assembly", include_str!("../data/rules/26-isa-assembly.rule")),
    rule(27, "27-kyoto", include_str!("../data/rules/27-kyoto.rule")),
    rule(28, "28-paris", include_str!("../data/rules/28-paris.rule")),
    rule(29, "29-ctbt", include_str!("../data/rules/29-ctbt.rule")),
    rule(30, "30-league-council", include_str!("../data/rules/30-league-council.rule")),
    rule(31, "31-wto-ordinary", include_str!("../data/rules/31-wto-ordinary.rule")),
    rule(32, "32-wto-accession", include_str!("../data/rules/32-wto-accession.rule")),
    rule(32, "32-wto-budget", include_str!("../data/rules/32-wto-budget.rule")),
    rule(32, "32-wto-interpretation", include_str!("../data/rules/32-wto-interpretation.rule")),
    rule(33, "33-wto-panel-report", include_str!("../data/rules/33-wto-panel-report.rule")),
    rule(34, "34-imf-ordinary", include_str!("../data/rules/34-imf-ordinary.rule")),
    rule(35, "35-imf-seventy", include_str!("../data/rules/35-imf-seventy.rule")),
    rule(36, "36-imf-eighty-five", include_str!("../data/rules/36-imf-eighty-five.rule")),
    rule(37, "37-imf-amendment", include_str!("../data/rules/37-imf-amendment.rule")),
    rule(37, "37-imf-amendment-votes", include_str!("../data/rules/37-imf-amendment-votes.rule")),
    rule(37, "37-imf-board", include_str!("../data/rules/37-imf-board.rule")),
    rule(38, "38-ibrd-amendment", include_str!("../data/rules/38-ibrd-amendment.rule")),
    rule(38, "38-ibrd-ordinary", include_str!("../data/rules/38-ibrd-ordinary.rule")),
    rule(39, "39-aiib-simple", include_str!("../data/rules/39-aiib-simple.rule")),
    rule(39, "39-aiib-special", include_str!("../data/rules/39-aiib-special.rule")),
    rule(39, "39-aiib-super", include_str!("../data/rules/39-aiib-super.rule")),
    rule(40, "40-adb", include_str!("../data/rules/40-adb.rule")),
    rule(41, "41-ndb-qualified", include_str!("../data/rules/41-ndb-qualified.rule")),
    rule(41, "41-ndb-simple", include_str!("../data/rules/41-ndb-simple.rule")),
    rule(41, "41-ndb-special", include_str!("../data/rules/41-ndb-special.rule")),
    rule(42, "42-ebrd-amendment", include_str!("../data/rules/42-ebrd-amendment.rule")),
    rule(42, "42-ebrd-ordinary", include_str!("../data/rules/42-ebrd-ordinary.rule")),
    rule(42, "42-ebrd-special", include_str!("../data/rules/42-ebrd-special.rule")),
    rule(43, "43-miga", include_str!("../data/rules/43-miga.rule")),
    rule(44, "44-iea", include_str!("../data/rules/44-iea.rule")),
    rule(45, "45-coffee", include_str!("../data/rules/45-coffee.rule")),
    rule(46, "46-eec-1958", include_str!("../data/rules/46-eec-1958.rule")),
    rule(46, "46-eec-1958-no-proposal", include_str!("../data/rules/46-eec-1958-no-proposal.rule")),
    rule(47, "47-ec-1973", include_str!("../data/rules/47-ec-1973.rule")),
    rule(47, "47-ec-1981", include_str!("../data/rules/47-ec-1981.rule")),
    rule(47, "47-ec-1986", include_str!("../data/rules/47-ec-1986.rule")),
    rule(47, "47-ec-1995", include_str!("../data/rules/47-ec-1995.rule")),
    rule(48, "48-eu-nice", include_str!("../data/rules/48-eu-nice.rule")),
    rule(48, "48-eu-nice-no-proposal", include_str!("../data/rules/48-eu-nice-no-proposal.rule")),
    rule(48, "48-eu-nice-population", include_str!("../data/rules/48-eu-nice-population.rule")),
    rule(49, "49-eu-qualified", include_str!("../data/rules/49-eu-qualified.rule")),
    rule(49, "49-eu-qualified-27", include_str!("../data/rules/49-eu-qualified-27.rule")),
    rule(49, "49-eu-qualified-shares", include_str!("../data/rules/49-eu-qualified-shares.rule")),
    rule(50, "50-eu-no-proposal", include_str!("../data/rules/50-eu-no-proposal.rule")),
    rule(51, "51-eu-reduced", include_str!("../data/rules/51-eu-reduced.rule")),
    rule(
        52,
        "52-eu-constructive-abstention",
        include_str!("../data/rules/52-eu-constructive-abstention.rule"),
    ),
    rule(52, "52-eu-unanimity", include_str!("../data/rules/52-eu-unanimity.rule")),
    rule(53, "53-eu-comitology", include_str!("../data/rules/53-eu-comitology.rule")),
    rule(54, "54-eu-reverse", include_str!("../data/rules/54-eu-reverse.rule")),
    rule(55, "55-eu-emergency-brake", include_str!("../data/rules/55-eu-emergency-brake.rule")),
    rule(55, "55-eu-yellow-card", include_str!("../data/rules/55-eu-yellow-card.rule")),
    rule(56, "56-ep-censure", include_str!("../data/rules/56-ep-censure.rule")),
    rule(56, "56-ep-component", include_str!("../data/rules/56-ep-component.rule")),
    rule(56, "56-ep-majority", include_str!("../data/rules/56-ep-majority.rule")),
    rule(57, "57-commission", include_str!("../data/rules/57-commission.rule")),
    rule(58, "58-esm-emergency", include_str!("../data/rules/58-esm-emergency.rule")),
    rule(58, "58-esm-mutual", include_str!("../data/rules/58-esm-mutual.rule")),
    rule(58, "58-esm-qualified", include_str!("../data/rules/58-esm-qualified.rule")),
    rule(59, "59-ecb-council", include_str!("../data/rules/59-ecb-council.rule")),
    rule(60, "60-nato-silence", include_str!("../data/rules/60-nato-silence.rule")),
    rule(61, "61-osce", include_str!("../data/rules/61-osce.rule")),
    rule(
        61,
        "61-osce-directed-conciliation",
        include_str!("../data/rules/61-osce-directed-conciliation.rule"),
    ),
    rule(61, "61-osce-minus-one", include_str!("../data/rules/61-osce-minus-one.rule")),
    rule(62, "62-arctic", include_str!("../data/rules/62-arctic.rule")),
    rule(63, "63-antarctic", include_str!("../data/rules/63-antarctic.rule")),
    rule(64, "64-eaeu-collegium", include_str!("../data/rules/64-eaeu-collegium.rule")),
    rule(
        64,
        "64-eaeu-collegium-sensitive",
        include_str!("../data/rules/64-eaeu-collegium-sensitive.rule"),
    ),
    rule(
        64,
        "64-eaeu-commission-council",
        include_str!("../data/rules/64-eaeu-commission-council.rule"),
    ),
    rule(64, "64-eaeu-expulsion", include_str!("../data/rules/64-eaeu-expulsion.rule")),
    rule(64, "64-eaeu-supreme", include_str!("../data/rules/64-eaeu-supreme.rule")),
    rule(65, "65-csto", include_str!("../data/rules/65-csto.rule")),
    rule(65, "65-csto-limited", include_str!("../data/rules/65-csto-limited.rule")),
    rule(66, "66-cis", include_str!("../data/rules/66-cis.rule")),
    rule(67, "67-sco", include_str!("../data/rules/67-sco.rule")),
    rule(67, "67-sco-expulsion", include_str!("../data/rules/67-sco-expulsion.rule")),
    rule(67, "67-sco-project", include_str!("../data/rules/67-sco-project.rule")),
    rule(68, "68-asean", include_str!("../data/rules/68-asean.rule")),
    rule(68, "68-asean-minus-x", include_str!("../data/rules/68-asean-minus-x.rule")),
    rule(69, "69-african-union", include_str!("../data/rules/69-african-union.rule")),
    rule(69, "69-apec", include_str!("../data/rules/69-apec.rule")),
    rule(69, "69-gcc-procedure", include_str!("../data/rules/69-gcc-procedure.rule")),
    rule(69, "69-gcc-substance", include_str!("../data/rules/69-gcc-substance.rule")),
    rule(70, "70-us-amendment", include_str!("../data/rules/70-us-amendment.rule")),
    rule(70, "70-us-electoral-college", include_str!("../data/rules/70-us-electoral-college.rule")),
    rule(
        70,
        "70-us-electoral-college-blocks",
        include_str!("../data/rules/70-us-electoral-college-blocks.rule"),
    ),
    rule(70, "70-us-senate", include_str!("../data/rules/70-us-senate.rule")),
    rule(70, "70-us-senate-cloture", include_str!("../data/rules/70-us-senate-cloture.rule")),
    rule(71, "71-interstate-compact", include_str!("../data/rules/71-interstate-compact.rule")),
    rule(72, "72-australia", include_str!("../data/rules/72-australia.rule")),
    rule(72, "72-belgium", include_str!("../data/rules/72-belgium.rule")),
    rule(72, "72-bosnia", include_str!("../data/rules/72-bosnia.rule")),
    rule(72, "72-bundesrat", include_str!("../data/rules/72-bundesrat.rule")),
    rule(72, "72-canada", include_str!("../data/rules/72-canada.rule")),
    rule(72, "72-cyprus", include_str!("../data/rules/72-cyprus.rule")),
    rule(
        72,
        "72-northern-ireland-cross",
        include_str!("../data/rules/72-northern-ireland-cross.rule"),
    ),
    rule(
        72,
        "72-northern-ireland-parallel",
        include_str!("../data/rules/72-northern-ireland-parallel.rule"),
    ),
    rule(72, "72-swiss-cantons", include_str!("../data/rules/72-swiss-cantons.rule")),
    rule(
        72,
        "72-swiss-double-majority",
        include_str!("../data/rules/72-swiss-double-majority.rule"),
    ),
    rule(73, "73-cosmos", include_str!("../data/rules/73-cosmos.rule")),
    rule(73, "73-cosmos-default", include_str!("../data/rules/73-cosmos-default.rule")),
    rule(73, "73-governor", include_str!("../data/rules/73-governor.rule")),
    rule(73, "73-opengov", include_str!("../data/rules/73-opengov.rule")),
    rule(74, "74-bft", include_str!("../data/rules/74-bft.rule")),
    rule(74, "74-fabric-all", include_str!("../data/rules/74-fabric-all.rule")),
    rule(74, "74-fabric-any", include_str!("../data/rules/74-fabric-any.rule")),
    rule(74, "74-fabric-two-of-three", include_str!("../data/rules/74-fabric-two-of-three.rule")),
    rule(74, "74-multisig", include_str!("../data/rules/74-multisig.rule")),
];
