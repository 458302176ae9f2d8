package ops

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// scrapeTimeout bounds what one scrape may ask of the store.
const scrapeTimeout = 5 * time.Second

var (
	objectsDesc    = prometheus.NewDesc("twoseas_objects", "Object versions stored.", nil, nil)
	bytesDesc      = prometheus.NewDesc("twoseas_object_bytes", "Bytes of the object versions stored.", nil, nil)
	waitingDesc    = prometheus.NewDesc("twoseas_channel_waiting", "Objects released and not yet shipped.", []string{"agreement"}, nil)
	unansweredDesc = prometheus.NewDesc("twoseas_channel_unanswered", "Shipments without a receipt.", []string{"agreement"}, nil)
	openDesc       = prometheus.NewDesc("twoseas_channel_open", "1 when the channel is open.", []string{"agreement"}, nil)
	convergedDesc  = prometheus.NewDesc("twoseas_channel_converged", "1 when both sides held the same at the last comparison.", []string{"agreement"}, nil)
)

// stored is the metrics that are read from the store at each scrape.
type stored struct {
	source Source
	log    *slog.Logger
}

// Describe implements prometheus.Collector.
func (s *stored) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{objectsDesc, bytesDesc, waitingDesc, unansweredDesc, openDesc, convergedDesc} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (s *stored) Collect(ch chan<- prometheus.Metric) {
	ctx, stop := context.WithTimeout(context.Background(), scrapeTimeout)
	defer stop()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	objects, bytes, err := s.source.Objects(ctx)
	if err != nil {
		s.log.ErrorContext(ctx, "metrics cannot read the store", slog.String("error", err.Error()))
		return
	}
	gauge(objectsDesc, float64(objects))
	gauge(bytesDesc, float64(bytes))
	channels, err := s.source.Channels(ctx)
	if err != nil {
		s.log.ErrorContext(ctx, "metrics cannot read the channels", slog.String("error", err.Error()))
		return
	}
	for _, c := range channels {
		gauge(waitingDesc, float64(c.Waiting), c.Agreement)
		gauge(unansweredDesc, float64(c.Unanswered), c.Agreement)
		gauge(openDesc, one(c.Open), c.Agreement)
		gauge(convergedDesc, one(c.Converged), c.Agreement)
	}
}

func one(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
