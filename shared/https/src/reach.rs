//! Which addresses may be connected to.
//!
//! Somebody who can choose a URL, or what a name resolves to, must not reach through us what only
//! we can reach: this machine, the network beside it, the metadata service with its credentials.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Which addresses may be connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Public addresses, over TLS.
    Public,
    /// Every address, and plain HTTP too: for `hookdock dev` and for tests.
    AlsoPrivate,
}

impl Reach {
    pub(crate) fn allows(self, address: IpAddr) -> bool {
        self == Self::AlsoPrivate || is_public(address)
    }
}

/// A network: its first address, and how many bits of it count.
struct Network<A>(A, u32);

/// What is not public (IANA IPv4 Special-Purpose Address Registry, read 2026-11), and multicast.
const NOT_PUBLIC_4: [Network<[u8; 4]>; 16] = [
    Network([0, 0, 0, 0], 8),
    Network([10, 0, 0, 0], 8),
    Network([100, 64, 0, 0], 10),
    Network([127, 0, 0, 0], 8),
    Network([169, 254, 0, 0], 16),
    Network([172, 16, 0, 0], 12),
    Network([192, 0, 0, 0], 24),
    Network([192, 0, 2, 0], 24),
    Network([192, 88, 99, 0], 24),
    Network([192, 168, 0, 0], 16),
    Network([198, 18, 0, 0], 15),
    Network([198, 51, 100, 0], 24),
    Network([203, 0, 113, 0], 24),
    Network([224, 0, 0, 0], 4),
    Network([240, 0, 0, 0], 4),
    Network([255, 255, 255, 255], 32),
];

/// Nothing outside of this is public, but for [`NAT64`].
const GLOBAL_UNICAST_6: Network<[u16; 8]> = Network([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

/// What is not public of global unicast: protocol assignments with Teredo, documentation, and
/// 6to4, which holds any IPv4 address (IANA IPv6 Special-Purpose Address Registry, read 2026-11).
const NOT_PUBLIC_6: [Network<[u16; 8]>; 4] = [
    Network([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),
    Network([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32),
    Network([0x2002, 0, 0, 0, 0, 0, 0, 0], 16),
    Network([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
];

/// How a subnet without IPv4 reaches IPv4: the last 32 bits are the address that is meant
/// (RFC 6052; AWS "DNS64 and NAT64", read 2026-11).
const NAT64: Network<[u16; 8]> = Network([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96);

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_4(address),
        IpAddr::V6(address) => is_public_6(address),
    }
}

fn is_public_4(address: Ipv4Addr) -> bool {
    !NOT_PUBLIC_4.iter().any(|network| network.holds(address))
}

fn is_public_6(address: Ipv6Addr) -> bool {
    if NAT64.holds(address) {
        let [.., a, b, c, d] = address.octets();
        return is_public_4(Ipv4Addr::new(a, b, c, d));
    }
    GLOBAL_UNICAST_6.holds(address) && !NOT_PUBLIC_6.iter().any(|network| network.holds(address))
}

impl Network<[u8; 4]> {
    fn holds(&self, address: Ipv4Addr) -> bool {
        let apart = Ipv4Addr::from(self.0).to_bits() ^ address.to_bits();
        apart.leading_zeros() >= self.1
    }
}

impl Network<[u16; 8]> {
    fn holds(&self, address: Ipv6Addr) -> bool {
        let apart = Ipv6Addr::from(self.0).to_bits() ^ address.to_bits();
        apart.leading_zeros() >= self.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(addresses: &[&str], public: bool) {
        for text in addresses {
            let address: IpAddr = text.parse().expect("an address");
            assert_eq!(Reach::Public.allows(address), public, "{text}");
            assert!(Reach::AlsoPrivate.allows(address), "{text}");
        }
    }

    #[test]
    fn addresses_of_the_internet_are_public() {
        check(&["1.1.1.1", "9.255.255.255", "11.0.0.0", "52.94.236.248"], true);
        check(&["100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0"], true);
        check(&["192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0"], true);
        check(&["223.255.255.255", "2600:1f18::1", "2a00:1450:4001::200e"], true);
        check(&["64:ff9b::1.1.1.1"], true);
    }

    #[test]
    fn this_machine_and_the_networks_beside_it_are_not() {
        check(&["0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.255.255"], false);
        check(&["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"], false);
        check(&["100.64.0.1", "100.127.255.255", "198.18.0.1", "198.19.255.255"], false);
        check(&["::", "::1", "fe80::1", "fc00::1", "fd12:3456::1", "fec0::1"], false);
    }

    #[test]
    fn the_metadata_services_are_not() {
        check(&["169.254.169.254", "169.254.170.2", "169.254.169.253", "fd00:ec2::254"], false);
    }

    #[test]
    fn addresses_that_hide_another_are_as_public_as_that_one_at_most() {
        check(&["::ffff:127.0.0.1", "::ffff:1.1.1.1", "::127.0.0.1"], false);
        check(&["64:ff9b::127.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b:1::1.1.1.1"], false);
        check(&["2002:7f00:1::", "2001:0:7f00:1::"], false);
    }

    #[test]
    fn multicast_documentation_and_reserved_addresses_are_not() {
        check(&["224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"], false);
        check(&["192.0.0.8", "192.0.2.1", "192.88.99.1", "198.51.100.1", "203.0.113.1"], false);
        check(&["ff02::1", "ff0e::1", "2001:db8::1", "3fff::1", "100::1", "4000::1"], false);
    }
}
