package main

import (
	"encoding/json"
	"sort"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

const services = `[
 {"metadata":{"namespace":"default","name":"web"},
  "spec":{"type":"ClusterIP","clusterIP":"10.96.0.5","clusterIPs":["10.96.0.5","fd00::5"],
   "ports":[{"name":"http","protocol":"TCP","port":80},{"name":"http","protocol":"UDP","port":80}]}},
 {"metadata":{"namespace":"db","name":"sql"},"spec":{"clusterIP":"None","ports":[]}},
 {"metadata":{"namespace":"db","name":"early"},"spec":{"clusterIP":"None","publishNotReadyAddresses":true}},
 {"metadata":{"namespace":"default","name":"away"},"spec":{"type":"ExternalName","externalName":"db.example.test"}}]`

const members = `[
 {"metadata":{"namespace":"db","name":"sql"},"subsets":[{
   "addresses":[{"ip":"10.244.1.7","hostname":"sql-0"},{"ip":"10.244.2.9"}],
   "notReadyAddresses":[{"ip":"10.244.3.3"}],
   "ports":[{"name":"pg","protocol":"TCP","port":5432}]}]},
 {"metadata":{"namespace":"db","name":"early"},"subsets":[{"notReadyAddresses":[{"ip":"10.244.3.3"}]}]}]`

func testCluster(t *testing.T) *cluster {
	c := &cluster{zone: "cluster.local."}
	c.services.replace(parse[service](t, services))
	c.endpoints.replace(parse[endpoints](t, members))
	return c
}

func parse[T object](t *testing.T, text string) map[key]T {
	var items []T
	if err := json.Unmarshal([]byte(text), &items); err != nil {
		t.Fatal(err)
	}
	all := map[key]T{}
	for _, item := range items {
		k, _ := item.identity()
		all[k] = item
	}
	return all
}

func texts(records []dns.RR) string {
	var all []string
	for _, record := range records {
		all = append(all, strings.TrimPrefix(record.String(), record.Header().String()))
	}
	sort.Strings(all)
	return strings.Join(all, " ")
}

func TestLookup(t *testing.T) {
	c := testCluster(t)
	for _, test := range []struct {
		name, want string
		qtype      uint16
		exists     bool
	}{
		{"web.default.svc", "10.96.0.5", dns.TypeA, true},
		{"web.default.svc", "fd00::5", dns.TypeAAAA, true},
		{"web.default.svc", "", dns.TypeMX, true},
		{"web.db.svc", "", dns.TypeA, false},
		{"default.svc", "", dns.TypeA, true},
		{"nowhere.svc", "", dns.TypeA, false},
		{"svc", "", dns.TypeA, true},
		{"sql.db.svc", "10.244.1.7 10.244.2.9", dns.TypeA, true},
		{"sql.db.svc", "", dns.TypeAAAA, true},
		{"sql-0.sql.db.svc", "10.244.1.7", dns.TypeA, true},
		{"10-244-2-9.sql.db.svc", "10.244.2.9", dns.TypeA, true},
		{"sql-1.sql.db.svc", "", dns.TypeA, false},
		{"sql-0.web.default.svc", "", dns.TypeA, false},
		{"early.db.svc", "10.244.3.3", dns.TypeA, true},
		{"away.default.svc", "db.example.test.", dns.TypeA, true},
		{"_http._tcp.web.default.svc", "0 100 80 web.default.svc.cluster.local.", dns.TypeSRV, true},
		{"_none._tcp.web.default.svc", "", dns.TypeSRV, false},
		{"_pg._tcp.sql.db.svc",
			"0 100 5432 10-244-2-9.sql.db.svc.cluster.local. 0 100 5432 sql-0.sql.db.svc.cluster.local.", dns.TypeSRV, true},
		{"10-1-2-3.default.pod", "10.1.2.3", dns.TypeA, true},
		{"ten.default.pod", "", dns.TypeA, false},
		{"dns-version", "\"1.1.0\"", dns.TypeTXT, true},
		{"other", "", dns.TypeA, false},
	} {
		records, exists := c.lookup(test.name+"."+c.zone, test.qtype)
		if got := texts(records); got != test.want || exists != test.exists {
			t.Errorf("%s %s: got %q, %v", test.name, dns.TypeToString[test.qtype], got, exists)
		}
	}
}

func TestReverse(t *testing.T) {
	c := testCluster(t)
	for name, want := range map[string]string{
		"5.0.96.10.in-addr.arpa.":  "web.default.svc.cluster.local.",
		"7.1.244.10.in-addr.arpa.": "sql-0.sql.db.svc.cluster.local.",
		"1.1.1.1.in-addr.arpa.":    "",
		"5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa.": "web.default.svc.cluster.local.",
	} {
		address := addressOfReverseName(name)
		if address == nil {
			t.Fatalf("%s: no address", name)
		}
		if got := texts(c.reverse(name, address)); got != want {
			t.Errorf("%s: got %q", name, got)
		}
	}
	if address := addressOfReverseName("web.default.svc.cluster.local."); address != nil {
		t.Errorf("%v is no reverse name", address)
	}
}
