package main

import (
	"net"
	"strings"

	"github.com/miekg/dns"
)

// The records for a name of the zone (lower case, absolute), and whether the name exists at all.
// After the specification at github.com/kubernetes/dns, docs/specification.md, schema version 1.1.0.
func (c *cluster) lookup(name string, qtype uint16) ([]dns.RR, bool) {
	labels := dns.SplitDomainName(strings.TrimSuffix(name, c.zone))
	last := len(labels) - 1
	switch {
	case last < 0:
		return c.apex(name, qtype), true
	case last == 0 && labels[0] == "dns-version":
		return matching(qtype, &dns.TXT{Hdr: header(name, dns.TypeTXT), Txt: []string{"1.1.0"}}), true
	case labels[last] == "svc":
		return c.serviceRecords(name, labels[:last], qtype)
	case labels[last] == "pod" && last == 2:
		return podRecords(name, labels[0], qtype)
	}
	return nil, last == 0 && labels[0] == "pod"
}

func (c *cluster) serviceRecords(name string, labels []string, qtype uint16) ([]dns.RR, bool) {
	if len(labels) < 2 {
		// "svc" itself and a namespace below it have no records of their own, but have names below them.
		return nil, len(labels) == 0 || c.hasNamespace(labels[0])
	}
	owner := labels[len(labels)-2:]
	found, exists := c.services.get(key{namespace: owner[1], name: owner[0]})
	if !exists {
		return nil, false
	}
	switch below := labels[:len(labels)-2]; {
	case len(below) == 0:
		return c.ownRecords(name, found, qtype), true
	case len(below) == 1 && found.headless():
		return c.memberRecords(name, found, below[0], qtype)
	case len(below) == 2 && strings.HasPrefix(below[0], "_") && strings.HasPrefix(below[1], "_"):
		records := c.portRecords(name, found, below[0][1:], below[1][1:])
		return matching(qtype, records...), len(records) > 0
	}
	return nil, false
}

func (c *cluster) ownRecords(name string, s service, qtype uint16) []dns.RR {
	if s.Spec.Type == "ExternalName" {
		target := dns.Fqdn(s.Spec.ExternalName)
		return []dns.RR{&dns.CNAME{Hdr: header(name, dns.TypeCNAME), Target: target}}
	}
	addresses := s.addresses()
	if s.headless() {
		addresses = nil
		for _, member := range c.members(s) {
			addresses = append(addresses, member.IP)
		}
	}
	return matching(qtype, addressRecords(name, addresses...)...)
}

func (c *cluster) memberRecords(name string, s service, hostname string, qtype uint16) ([]dns.RR, bool) {
	var records []dns.RR
	for _, member := range c.members(s) {
		if memberName(member) == hostname {
			records = append(records, addressRecords(name, member.IP)...)
		}
	}
	return matching(qtype, records...), len(records) > 0
}

func (c *cluster) portRecords(name string, s service, portName, protocol string) []dns.RR {
	var records []dns.RR
	add := func(port servicePort, target string) {
		if port.Name == portName && strings.ToLower(port.Protocol) == protocol {
			records = append(records, &dns.SRV{Hdr: header(name, dns.TypeSRV), Weight: 100, Port: port.Port, Target: target})
		}
	}
	if !s.headless() {
		for _, port := range s.Spec.Ports {
			add(port, c.serviceName(s.Metadata.key()))
		}
		return records
	}
	found, _ := c.endpoints.get(s.Metadata.key())
	for _, subset := range found.Subsets {
		for _, port := range subset.Ports {
			for _, member := range published(s, subset) {
				add(port, memberName(member)+"."+c.serviceName(s.Metadata.key()))
			}
		}
	}
	return records
}

// Names that an address has as a service's, or as a member's of a headless service.
func (c *cluster) reverse(name string, address net.IP) []dns.RR {
	var records []dns.RR
	add := func(text, target string) {
		if address.Equal(net.ParseIP(text)) {
			records = append(records, &dns.PTR{Hdr: header(name, dns.TypePTR), Ptr: target})
		}
	}
	c.services.each(func(k key, s service) {
		for _, own := range s.addresses() {
			add(own, c.serviceName(k))
		}
		if s.headless() {
			for _, member := range c.members(s) {
				add(member.IP, memberName(member)+"."+c.serviceName(k))
			}
		}
	})
	return records
}

func (c *cluster) hasNamespace(namespace string) bool {
	found := false
	c.services.each(func(k key, _ service) { found = found || k.namespace == namespace })
	return found
}

func (c *cluster) members(s service) []endpointAddress {
	var all []endpointAddress
	found, _ := c.endpoints.get(s.Metadata.key())
	for _, subset := range found.Subsets {
		all = append(all, published(s, subset)...)
	}
	return all
}

func published(s service, subset endpointSubset) []endpointAddress {
	if s.Spec.PublishNotReadyAddresses {
		return append(append([]endpointAddress{}, subset.Addresses...), subset.NotReadyAddresses...)
	}
	return subset.Addresses
}

func memberName(member endpointAddress) string {
	if member.Hostname != "" {
		return member.Hostname
	}
	return strings.NewReplacer(".", "-", ":", "-").Replace(member.IP)
}

func (c *cluster) serviceName(k key) string { return k.name + "." + k.namespace + ".svc." + c.zone }
