//! Where a validator is reached: `host:port`.

use core::net::{Ipv4Addr, Ipv6Addr};

use crate::limits::ADDRESS_BYTES_MAX;
use crate::refusal::Refusal;

/// Checks the form of an address: a name, an IPv4 address or an IPv6 address in brackets, then a
/// colon and a port from 1 to 65535. Whether anything answers there is not known to the law.
///
/// # Errors
/// [`Refusal::BadAddress`].
pub fn check_address(address: &str) -> Result<(), Refusal> {
    let good = address.len() <= ADDRESS_BYTES_MAX
        && address.rsplit_once(':').is_some_and(|(host, port)| is_host(host) && is_port(port));
    if good { Ok(()) } else { Err(Refusal::BadAddress) }
}

fn is_port(port: &str) -> bool {
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    digits && !port.starts_with('0') && port.parse::<u16>().is_ok()
}

fn is_host(host: &str) -> bool {
    if let Some(inner) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return inner.parse::<Ipv6Addr>().is_ok();
    }
    // What ends in a number is meant as an IPv4 address (RFC 3696, section 2).
    let last = host.rsplit('.').next().unwrap_or_default();
    if last.bytes().all(|byte| byte.is_ascii_digit()) {
        return host.parse::<Ipv4Addr>().is_ok();
    }
    host.split('.').all(is_label)
}

/// A label of a host name (RFC 1123, section 2.1), in lower case so that each host has one name.
fn is_label(label: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn a_name_or_a_numeric_host_with_a_port_is_an_address() {
        let longest = format!("{0}.{0}.{0}.{1}:65535", "a".repeat(63), "b".repeat(61));
        assert_eq!(longest.len(), ADDRESS_BYTES_MAX);
        for right in [
            "node.example:7000",
            "localhost:1",
            "1st-node.example:65535",
            "192.0.2.7:7000",
            "[2001:db8::1]:7000",
            &longest,
        ] {
            assert_eq!(check_address(right), Ok(()), "{right}");
        }
        let longer = format!("{0}.{0}.{0}.{1}:65535", "a".repeat(63), "b".repeat(62));
        for wrong in [
            "",
            "node.example",
            ":7000",
            "node.example:",
            "node.example:0",
            "node.example:07",
            "node.example:65536",
            "node.example:+7",
            "Node.example:7000",
            "-node.example:7000",
            "node..example:7000",
            "node example:7000",
            "192.0.2.256:7000",
            "192.0.2:7000",
            "2001:db8::1:7000",
            "[2001:db8::1]",
            "[node.example]:7000",
            "http://node.example:7000",
            &longer,
        ] {
            assert_eq!(check_address(wrong), Err(Refusal::BadAddress), "{wrong}");
        }
    }
}
