package main

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// The part of admission.k8s.io/v1 AdmissionReview that an answer needs.
type admissionReview struct {
	APIVersion string             `json:"apiVersion"`
	Kind       string             `json:"kind"`
	Request    *admissionRequest  `json:"request,omitempty"`
	Response   *admissionResponse `json:"response,omitempty"`
}

type admissionRequest struct {
	UID string `json:"uid"`
}

type admissionResponse struct {
	UID      string   `json:"uid"`
	Allowed  bool     `json:"allowed"`
	Warnings []string `json:"warnings,omitempty"`
}

func webhookHandler(self identity) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/webhook", func(w http.ResponseWriter, r *http.Request) {
		var review admissionReview
		err := json.NewDecoder(r.Body).Decode(&review)
		if err != nil || review.Request == nil || review.APIVersion != "admission.k8s.io/v1" {
			http.Error(w, "not an AdmissionReview of admission.k8s.io/v1 with a request", http.StatusBadRequest)
			return
		}
		// The warning reaches the API's client, which proves that this pod was asked.
		warning := fmt.Sprintf("allowed by pod %s on node %s", self.pod, self.node)
		response := &admissionResponse{UID: review.Request.UID, Allowed: true, Warnings: []string{warning}}
		writeJSON(w, admissionReview{APIVersion: review.APIVersion, Kind: "AdmissionReview", Response: response})
	})
	return mux
}
