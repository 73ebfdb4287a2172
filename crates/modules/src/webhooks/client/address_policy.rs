//! The permitted addresses of a target. Without a policy, a caller who can set the address of a receiver, or the name
//! it resolves to, could make the Connector call hosts that only it can reach.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// The reason why a target is not called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("its address is not a public one, and privateAddresses is 'refuse'")]
pub(in crate::webhooks) struct NotPublic;

/// Networks without public servers, as address and number of leading bits: those of the registries of
/// special-purpose addresses, and one under which a large cloud offers its metadata.
const SPECIAL_V4: &[([u8; 4], u32)] = &[
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([168, 63, 129, 16], 32),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 3),
];

/// Networks in `2000::/3` without public servers: protocol assignments, some of which lead to any IPv4
/// address (`2001::/23`, `2002::/16`), and examples.
const SPECIAL_V6: &[([u16; 2], u32)] =
    &[([0x2001, 0], 23), ([0x2001, 0xdb8], 32), ([0x2002, 0], 16), ([0x3fff, 0], 20)];

/// True for an address of the public internet.
pub(in crate::webhooks) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let bits = address.to_bits();
    !SPECIAL_V4.iter().any(|(network, length)| {
        let differing = bits ^ u32::from_be_bytes(*network);
        differing >> (u32::BITS - length) == 0
    })
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // An IPv4 address, in the notation of programs and in that of a gateway for networks without IPv4.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            is_public_v4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
        }
        [first, second, ..] => {
            let bits = u32::from(first) << 16 | u32::from(second);
            let is_special = SPECIAL_V6.iter().any(|(network, length)| {
                let differing = bits ^ (u32::from(network[0]) << 16 | u32::from(network[1]));
                differing >> (u32::BITS - length) == 0
            });
            first >> 13 == 0b001 && !is_special
        }
    }
}

/// Refuses a URL that names an address which is not public. Names are checked when they are resolved.
pub(in crate::webhooks) fn check_literal(url: &Url) -> Result<(), NotPublic> {
    let is_allowed = match url.host() {
        Some(Host::Ipv4(address)) => is_public_v4(address),
        Some(Host::Ipv6(address)) => is_public_v6(address),
        Some(Host::Domain(_)) | None => true,
    };
    if is_allowed { Ok(()) } else { Err(NotPublic) }
}

/// Resolves names to their public addresses only. The client connects to the checked address, so that a name that
/// resolves differently a moment later gains nothing.
#[derive(Debug, Clone)]
pub(in crate::webhooks) struct PublicAddresses;

impl Resolve for PublicAddresses {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let addresses: Vec<_> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            Ok(Box::new(only_public(addresses)?.into_iter()) as Addrs)
        })
    }
}

fn only_public(mut addresses: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, NotPublic> {
    addresses.retain(|address| is_public(address.ip()));
    if addresses.is_empty() { Err(NotPublic) } else { Ok(addresses) }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const PRIVATE: &[&str] = &[
        "0.0.0.0",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.127.255.255",
        "100.100.100.200",
        "127.0.0.1",
        "127.255.255.254",
        "168.63.129.16",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",
        "192.168.1.1",
        "198.19.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:0:10.0.0.1",
        "::10.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:a00:1::1",
        "3fff::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ];
    const PUBLIC: &[&str] = &[
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "168.63.129.17",
        "172.15.255.255",
        "172.32.0.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "::ffff:1.1.1.1",
        "64:ff9b::1.1.1.1",
        "2001:200::1",
        "2606:4700::1111",
        "2a00:1450::1",
    ];

    #[test]
    fn addresses() {
        for (list, expected) in [(PRIVATE, false), (PUBLIC, true)] {
            for address in list {
                assert_eq!(is_public(address.parse().unwrap()), expected, "{address}");
            }
        }
    }

    /// Every notation of an address denotes the same one.
    #[test]
    fn urls_with_addresses() {
        for host in ["127.1", "0x7f.1", "2130706433", "017700000001", "[::1]", "[::ffff:7f00:1]", "169.254.169.254"] {
            assert_eq!(check_literal(&Url::parse(&format!("http://{host}/")).unwrap()), Err(NotPublic), "{host}");
        }
        for host in ["1.1.1.1", "[2606:4700::1111]", "crm.example"] {
            assert_eq!(check_literal(&Url::parse(&format!("https://{host}:444/x")).unwrap()), Ok(()), "{host}");
        }
    }

    #[test]
    fn names_keep_their_public_addresses_only() {
        let addresses = |list: &[&str]| -> Vec<SocketAddr> {
            list.iter().map(|address| SocketAddr::new(address.parse().unwrap(), 0)).collect()
        };
        let mixed = addresses(&["10.0.0.1", "1.1.1.1", "::1", "2606:4700::1111"]);
        assert_eq!(only_public(mixed), Ok(addresses(&["1.1.1.1", "2606:4700::1111"])));
        assert_eq!(only_public(addresses(&["127.0.0.1", "fe80::1"])), Err(NotPublic));
    }

    #[tokio::test]
    async fn localhost_is_not_resolved() {
        let error = PublicAddresses.resolve("localhost".parse().unwrap()).await.err().unwrap();
        assert!(error.is::<NotPublic>(), "{error}");
    }
}
