package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"golang.org/x/net/http2"
)

const (
	serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount/"
	retryAfter     = time.Second
	watchSeconds   = "300"
)

type apiClient struct {
	http *http.Client
	base string
}

func inClusterClient() (*apiClient, error) {
	authority, err := os.ReadFile(serviceAccount + "ca.crt")
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(authority) {
		return nil, fmt.Errorf("no certificate in %sca.crt", serviceAccount)
	}
	transport := &http.Transport{
		TLSClientConfig:       &tls.Config{RootCAs: roots},
		DialContext:           (&net.Dialer{Timeout: 3 * time.Second}).DialContext,
		ResponseHeaderTimeout: 10 * time.Second,
	}
	http2Transport, err := http2.ConfigureTransports(transport)
	if err != nil {
		return nil, err
	}
	// A watch on an API server that lost its power would otherwise hang until TCP gives up.
	http2Transport.ReadIdleTimeout = 5 * time.Second
	http2Transport.PingTimeout = 3 * time.Second
	host := net.JoinHostPort(os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT"))
	return &apiClient{http: &http.Client{Transport: transport}, base: "https://" + host}, nil
}

func (c *apiClient) get(ctx context.Context, path string, query url.Values) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path+"?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	// The kubelet renews the token in place.
	token, err := os.ReadFile(serviceAccount + "token")
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+string(token))
	response, err := c.http.Do(request)
	if err == nil && response.StatusCode != http.StatusOK {
		response.Body.Close()
		return nil, fmt.Errorf("GET %s: %s", path, response.Status)
	}
	return response, err
}

type object interface{ identity() (key, string) }

func (s service) identity() (key, string)   { return s.Metadata.key(), s.Metadata.ResourceVersion }
func (e endpoints) identity() (key, string) { return e.Metadata.key(), e.Metadata.ResourceVersion }

// Lists and watches until the context ends; after any failure the answers of before stay until a new list is there.
func keepInSync[T object](ctx context.Context, client *apiClient, path string, into *collection[T]) {
	for ctx.Err() == nil {
		version, err := list(ctx, client, path, into)
		for err == nil {
			version, err = watch(ctx, client, path, version, into)
		}
		log.Printf("%s: %v", path, err)
		select {
		case <-ctx.Done():
		case <-time.After(retryAfter):
		}
	}
}

func list[T object](ctx context.Context, client *apiClient, path string, into *collection[T]) (string, error) {
	response, err := client.get(ctx, path, nil)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	var all struct {
		Metadata objectMeta `json:"metadata"`
		Items    []T        `json:"items"`
	}
	if err := json.NewDecoder(response.Body).Decode(&all); err != nil {
		return "", err
	}
	items := make(map[key]T, len(all.Items))
	for _, item := range all.Items {
		k, _ := item.identity()
		items[k] = item
	}
	into.replace(items)
	return all.Metadata.ResourceVersion, nil
}

// Applies events until the server ends the watch in good order, and gives the version to go on from.
func watch[T object](ctx context.Context, client *apiClient, path, version string, into *collection[T]) (string, error) {
	query := url.Values{
		"watch": {"true"}, "allowWatchBookmarks": {"true"},
		"resourceVersion": {version}, "timeoutSeconds": {watchSeconds},
	}
	response, err := client.get(ctx, path, query)
	if err != nil {
		return version, err
	}
	defer response.Body.Close()
	for events := json.NewDecoder(response.Body); events.More(); {
		var event struct {
			Type   string `json:"type"`
			Object T      `json:"object"`
		}
		if err := events.Decode(&event); err != nil {
			return version, err
		}
		k, newer := event.Object.identity()
		switch event.Type {
		case "ADDED", "MODIFIED":
			into.set(k, event.Object)
		case "DELETED":
			into.remove(k)
		case "BOOKMARK":
		default:
			return version, fmt.Errorf("watch ended with %s", event.Type)
		}
		version = newer
	}
	return version, nil
}
