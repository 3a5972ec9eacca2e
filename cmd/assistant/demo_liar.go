package main

import (
	"context"
	"errors"
	"net/http"
	"time"

	"candor/answer"
	"candor/answer/openai"
	"candor/answer/openai/liar"
	"candor/consent"
)

// liarPace is how long the demo's model that makes things up takes for a word: one can
// watch it write.
const liarPace = 20 * time.Millisecond

// addLiar gives the demo its second engine, of which the model makes things up, and
// serves that model on this machine until stop.
func (a *app) addLiar(ctx context.Context) (stop func() error, err error) {
	l, err := listen(ctx, "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	model, err := openai.New(openai.Options{
		URL: "http://" + l.Addr().String() + "/v1", Model: liar.Name, Recipient: consent.BrandAI,
		Client: &http.Client{Transport: &http.Transport{}}, // through no proxy
	})
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	engine := *a.engine
	engine.Models = []answer.Answerer{model}
	a.liar = &engine
	server := &http.Server{Handler: liar.Handler(liarPace), ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	return func() error {
		err := server.Close()
		if e := <-served; !errors.Is(e, http.ErrServerClosed) {
			err = errors.Join(err, e)
		}
		return err
	}, nil
}
