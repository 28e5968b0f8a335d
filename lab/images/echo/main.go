// Echo is the lab's workload: it says which pod answers and whom it sees as its client.
//
//	8080  HTTP   GET / -> {"pod","node","client"}, GET /healthz
//	8081  TCP and UDP echo
//	8443  HTTPS  POST /webhook, an admission webhook that allows everything and says so in a warning;
//	             only with TLS_CERT_FILE and TLS_KEY_FILE
//
// POD_NAME and NODE_NAME come from the downward API; without POD_NAME the host name stands in.
package main

import (
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	self := identity{pod: os.Getenv("POD_NAME"), node: os.Getenv("NODE_NAME")}
	if self.pod == "" {
		self.pod, _ = os.Hostname()
	}
	failed := make(chan error)
	serve := func(server func() error) { go func() { failed <- server() }() }
	serve(func() error { return http.ListenAndServe(":8080", podHandler(self)) })
	serve(func() error { return echoTCP(":8081") })
	serve(func() error { return echoUDP(":8081") })
	if certificate, key := os.Getenv("TLS_CERT_FILE"), os.Getenv("TLS_KEY_FILE"); certificate != "" {
		serve(func() error { return http.ListenAndServeTLS(":8443", certificate, key, webhookHandler(self)) })
	}

	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	select {
	case err := <-failed:
		log.Fatal(err)
	case <-stop:
	}
}
