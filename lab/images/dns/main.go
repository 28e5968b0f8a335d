// DNS stands behind the cluster's DNS service where CoreDNS is not to be had.
//
// It answers for the zone of -domain by the Kubernetes DNS specification 1.1.0 (services, headless services, SRV, PTR,
// pods by address) from a watch on Services and Endpoints with the pod's ServiceAccount, and forwards everything else to
// the name servers of -resolv-conf. As with CoreDNS, /ready on 8181 and /health on 8080.
package main

import (
	"context"
	"flag"
	"log"
	"net/http"
	"os/signal"
	"syscall"

	"github.com/miekg/dns"
)

func main() {
	domain := flag.String("domain", "cluster.local", "zone of the cluster")
	resolvConf := flag.String("resolv-conf", "/etc/resolv.conf", "where the name servers for everything else are")
	flag.Parse()

	upstream, err := dns.ClientConfigFromFile(*resolvConf)
	if err != nil {
		log.Fatal(err)
	}
	client, err := inClusterClient()
	if err != nil {
		log.Fatal(err)
	}
	context, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()

	cluster := &cluster{zone: dns.CanonicalName(*domain)}
	go keepInSync(context, client, "/api/v1/services", &cluster.services)
	go keepInSync(context, client, "/api/v1/endpoints", &cluster.endpoints)

	failed := make(chan error)
	handler := &handler{cluster: cluster, upstream: upstream}
	for _, network := range []string{"udp", "tcp"} {
		server := &dns.Server{Addr: ":53", Net: network, Handler: handler}
		go func() { failed <- server.ListenAndServe() }()
	}
	go func() { failed <- http.ListenAndServe(":8080", probe("/health", func() bool { return true })) }()
	go func() { failed <- http.ListenAndServe(":8181", probe("/ready", cluster.synced)) }()
	select {
	case err := <-failed:
		log.Fatal(err)
	case <-context.Done():
	}
}

func probe(path string, good func() bool) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
		if !good() {
			http.Error(w, "not yet", http.StatusServiceUnavailable)
			return
		}
		w.Write([]byte("OK"))
	})
	return mux
}
