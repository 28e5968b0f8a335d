package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

var testPod = identity{pod: "echo-1", node: "s4"}

func TestPodSaysWhoAnswersAndWhoAsked(t *testing.T) {
	request := httptest.NewRequest(http.MethodGet, "/", nil)
	request.RemoteAddr = "10.244.1.2:40000"
	response := httptest.NewRecorder()
	podHandler(testPod).ServeHTTP(response, request)
	want := `{"client":"10.244.1.2","node":"s4","pod":"echo-1"}`
	if got := strings.TrimSpace(response.Body.String()); got != want {
		t.Errorf("got %s", got)
	}
}

func TestWebhookAllows(t *testing.T) {
	review := `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u-1","kind":{"kind":"Pod"}}}`
	response := httptest.NewRecorder()
	webhookHandler(testPod).ServeHTTP(response, httptest.NewRequest(http.MethodPost, "/webhook", strings.NewReader(review)))
	want := `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":` +
		`{"uid":"u-1","allowed":true,"warnings":["allowed by pod echo-1 on node s4"]}}`
	if got := strings.TrimSpace(response.Body.String()); got != want {
		t.Errorf("got %s", got)
	}
}

func TestWebhookRefusesWhatIsNoReview(t *testing.T) {
	for _, body := range []string{"", "{}", `{"apiVersion":"admission.k8s.io/v1beta1","request":{"uid":"u"}}`} {
		response := httptest.NewRecorder()
		request := httptest.NewRequest(http.MethodPost, "/webhook", strings.NewReader(body))
		webhookHandler(testPod).ServeHTTP(response, request)
		if response.Code != http.StatusBadRequest {
			t.Errorf("%q: got %d", body, response.Code)
		}
	}
}
