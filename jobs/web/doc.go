// Package web is what `tidemark serve` shows: the page, the JSON API, health,
// Prometheus metrics, and who may see and do what. It knows the warehouse and
// the scheduler only as a [House].
package web
