package main

import (
	"sync"
)

// A name in a namespace.
type key struct{ namespace, name string }

type objectMeta struct {
	Namespace       string `json:"namespace"`
	Name            string `json:"name"`
	ResourceVersion string `json:"resourceVersion"`
}

func (m objectMeta) key() key { return key{m.Namespace, m.Name} }

// The parts of v1 Service that DNS needs.
type service struct {
	Metadata objectMeta `json:"metadata"`
	Spec     struct {
		Type                     string        `json:"type"`
		ClusterIP                string        `json:"clusterIP"`
		ClusterIPs               []string      `json:"clusterIPs"`
		ExternalName             string        `json:"externalName"`
		PublishNotReadyAddresses bool          `json:"publishNotReadyAddresses"`
		Ports                    []servicePort `json:"ports"`
	} `json:"spec"`
}

type servicePort struct {
	Name     string `json:"name"`
	Protocol string `json:"protocol"`
	Port     uint16 `json:"port"`
}

func (s service) headless() bool { return s.Spec.ClusterIP == "None" }

func (s service) addresses() []string {
	if len(s.Spec.ClusterIPs) > 0 {
		return s.Spec.ClusterIPs
	}
	return []string{s.Spec.ClusterIP}
}

// The parts of v1 Endpoints that DNS needs. Unlike EndpointSlice it is the same API from Kubernetes 1.20 to the newest.
type endpoints struct {
	Metadata objectMeta       `json:"metadata"`
	Subsets  []endpointSubset `json:"subsets"`
}

type endpointSubset struct {
	Addresses         []endpointAddress `json:"addresses"`
	NotReadyAddresses []endpointAddress `json:"notReadyAddresses"`
	Ports             []servicePort     `json:"ports"`
}

type endpointAddress struct {
	IP       string `json:"ip"`
	Hostname string `json:"hostname"`
}

// All objects of one kind, kept in step with the API by keepInSync.
type collection[T any] struct {
	mutex sync.RWMutex
	items map[key]T
}

func (c *collection[T]) get(k key) (T, bool) {
	c.mutex.RLock()
	defer c.mutex.RUnlock()
	item, found := c.items[k]
	return item, found
}

func (c *collection[T]) each(visit func(key, T)) {
	c.mutex.RLock()
	defer c.mutex.RUnlock()
	for k, item := range c.items {
		visit(k, item)
	}
}

func (c *collection[T]) replace(items map[key]T) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.items = items
}

func (c *collection[T]) set(k key, item T) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.items[k] = item
}

func (c *collection[T]) remove(k key) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	delete(c.items, k)
}

func (c *collection[T]) synced() bool {
	c.mutex.RLock()
	defer c.mutex.RUnlock()
	return c.items != nil
}

type cluster struct {
	zone      string
	services  collection[service]
	endpoints collection[endpoints]
}

func (c *cluster) synced() bool { return c.services.synced() && c.endpoints.synced() }
