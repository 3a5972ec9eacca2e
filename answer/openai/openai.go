// Package openai has answers written by a language model behind OpenAI's
// /v1/chat/completions: OpenAI itself, Azure, vLLM, llama.cpp, Ollama.
//
// It promises to send what it is given to that server and nowhere else, that no error
// holds a word of it or of what the model said, and that whatever the server does an
// answer ends: with sentences that name their sources, or with answer.ErrModel. Whether
// a text may be sent at all, and whether a sentence is true, is for who calls it: see
// answer.Engine.
package openai

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	openai "github.com/sashabaranov/go-openai"
	"github.com/sony/gobreaker/v2"

	"candor/answer"
	"candor/consent"
)

// Options say which server, and what it is.
type Options struct {
	// URL is up to and with /v1; azure://host/deployment is a deployment of Azure OpenAI.
	URL       string
	Key       string            // empty: it needs none
	Model     string            // as the server calls it
	Recipient consent.Recipient // who the server is, by the policy

	// Client is what requests go through; nil: one of its own.
	Client *http.Client
	// First is how long the model has until its first token, Idle until each other one,
	// and Whole for all. Zero: 30 s, 15 s, 2 min.
	First, Idle, Whole time.Duration
	// Backoff is how long to wait before the second try; it doubles. Zero: 500 ms.
	Backoff time.Duration
	// Pause is how long a server that keeps failing is left alone. Zero: 30 s.
	Pause time.Duration
}

// Answerer implements answer.Answerer. Make one with New.
type Answerer struct {
	options Options
	client  *openai.Client
	breaker *gobreaker.TwoStepCircuitBreaker[struct{}]
	// uncounted is set once the server would not say what an answer cost: some (Mistral,
	// older ones of Azure) refuse to be asked.
	uncounted atomic.Bool
}

var (
	_ answer.Answerer   = (*Answerer)(nil)
	_ answer.Instructed = (*Answerer)(nil)
)

const (
	maxTries = 3
	// failures in a row after which a server is left alone.
	maxFailures = 5
	// What one answer may cost where nobody says less.
	maxTokens = 8000
	// maxWritten is the most of it that is for what the model writes.
	maxWritten = 1000
	// maxRepeats is how often a model may say the same before it is taken to be at its end.
	maxRepeats = 3
	// temperature is as good as none. Zero would be left out of the request, and what is
	// much smaller makes the logits of llama.cpp overflow, so that it draws at random.
	temperature = 0.01
	// azureVersion is of Azure's API.
	azureVersion = "2024-10-21"
)

// New returns an answerer. It does not ask the server anything.
func New(o Options) (*Answerer, error) {
	if o.URL == "" || o.Model == "" || o.Recipient == "" {
		return nil, errors.New("a language model needs an address, a name and a recipient")
	}
	for d, standard := range map[*time.Duration]time.Duration{
		&o.First: 30 * time.Second, &o.Idle: 15 * time.Second, &o.Whole: 2 * time.Minute, &o.Backoff: 500 * time.Millisecond, &o.Pause: 30 * time.Second,
	} {
		if *d <= 0 {
			*d = standard
		}
	}
	if o.Client == nil {
		o.Client = &http.Client{}
	}
	c, err := config(o)
	if err != nil {
		return nil, err
	}
	watched := *o.Client
	watched.Transport = watching{o.Client.Transport}
	// A server that answers with another address does not get the texts there.
	watched.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.HTTPClient = &watched
	return &Answerer{
		options: o, client: openai.NewClientWithConfig(c),
		breaker: gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
			Timeout:     o.Pause,
			ReadyToTrip: func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= maxFailures },
			IsExcluded:  blameless,
		}),
	}, nil
}

func config(o Options) (openai.ClientConfig, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" {
		return openai.ClientConfig{}, errors.New("the address of a language model does not read")
	}
	if u.Scheme != "azure" {
		c := openai.DefaultConfig(o.Key)
		c.BaseURL = strings.TrimSuffix(o.URL, "/")
		return c, nil
	}
	deployment := strings.Trim(u.Path, "/")
	if deployment == "" {
		return openai.ClientConfig{}, errors.New("azure://host/deployment lacks the deployment")
	}
	c := openai.DefaultAzureConfig(o.Key, "https://"+u.Host)
	c.APIVersion = azureVersion
	c.AzureModelMapperFunc = func(string) string { return deployment }
	return c, nil
}

// Model implements answer.Answerer.
func (a *Answerer) Model() answer.Model {
	return answer.Model{Name: a.options.Model, Recipient: a.options.Recipient}
}

// Instructions implements answer.Instructed.
func (a *Answerer) Instructions() string { return system }

// Answer implements answer.Answerer. What the server may get over (too many requests,
// its own faults, a connection that breaks) is tried again a few times, as long as
// nothing was yielded. A server that has failed five times in a row is left alone
// for a while: then the error comes at once, but for one request that tries it. A model
// that says the same over and over is at its end, and that is no error.
func (a *Answerer) Answer(ctx context.Context, r answer.Request, yield func(answer.Sentence) error) error {
	if len(r.Hits) == 0 {
		return nil
	}
	done, err := a.breaker.Allow()
	if err != nil {
		return fmt.Errorf("%w: it has failed %d times in a row and is left alone for %s", answer.ErrModel, maxFailures, a.options.Pause)
	}
	outer := ctx
	ctx, cancel := context.WithTimeoutCause(ctx, a.options.Whole, errTooSlow)
	defer cancel()
	w := &writing{answerer: a, request: r, yield: yield, said: make(map[string]int)}
	err = w.write(ctx)
	switch {
	case w.stopped != nil: // who asked has had enough
		done(nil)
		return w.stopped
	case errors.Is(err, errRepeats):
		err = nil
	case err != nil && outer.Err() != nil:
		err = outer.Err()
	}
	done(err)
	if err != nil {
		return fmt.Errorf("%w: %w", answer.ErrModel, err)
	}
	return nil
}

// writing is one answer.
type writing struct {
	answerer *Answerer
	request  answer.Request
	yield    func(answer.Sentence) error
	stopped  error // what yield returned
	yielded  bool
	said     map[string]int // how often, by sentence
}

func (w *writing) write(ctx context.Context) error {
	o := w.answerer.options
	tokens := maxTokens
	if n := w.request.MaxTokens; n > 0 {
		tokens = min(tokens, n)
	}
	written := min(maxWritten, tokens/3)
	p := newPrompt(w.request, tokens-written)
	if len(p.hits) == 0 {
		return errNoRoom
	}
	wait := o.Backoff
	for try := 1; ; try++ {
		counted := !w.answerer.uncounted.Load()
		err := w.once(ctx, w.chat(p, written, counted), p, written)
		if counted && errors.Is(err, errNotTaken) {
			if err = w.once(ctx, w.chat(p, written, false), p, written); err == nil {
				w.answerer.uncounted.Store(true)
			}
		}
		var failed *failure
		if err == nil || w.yielded || w.stopped != nil || try == maxTries || ctx.Err() != nil || !errors.As(err, &failed) || !failed.passing {
			return err
		}
		pause := wait + rand.N(wait/2+1) //nolint:gosec // spreads tries, keeps no secret
		if failed.after > 0 {
			pause = failed.after
		}
		if until, ok := ctx.Deadline(); ok && time.Until(until) < pause {
			return err // another model is asked sooner
		}
		select {
		case <-ctx.Done():
			return reason(ctx, err)
		case <-time.After(pause):
		}
		wait *= 2
	}
}

// once asks the server once.
func (w *writing) once(ctx context.Context, chat openai.ChatCompletionRequest, p prompt, written int) error {
	o := w.answerer.options
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	patience := time.AfterFunc(o.First, func() { cancel(errTooSlow) })
	defer patience.Stop()

	seen := &response{}
	stream, err := w.answerer.client.CreateChatCompletionStream(context.WithValue(ctx, responseKey{}, seen), chat)
	if err != nil {
		return failed(ctx, err, seen)
	}
	defer stream.Close() //nolint:errcheck // it was read, or is given up
	asked := estimate(p.system) + estimate(p.user)
	spent := 0
	count := func(n int) {
		if w.request.Count != nil && n != 0 {
			w.request.Count(n)
		}
		spent += n
	}
	count(asked)
	var cut cutter
	take := w.taking(p)
	finish := openai.FinishReason("")
	some := false
	for {
		chunk, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return failed(ctx, err, seen)
		}
		some = true
		patience.Stop() // what is done with its words takes none of its time
		if chunk.Usage != nil && chunk.Usage.TotalTokens > 0 {
			count(chunk.Usage.TotalTokens - spent)
		}
		if len(chunk.Choices) > 0 {
			text := chunk.Choices[0].Delta.Content
			if chunk.Choices[0].FinishReason != "" {
				finish = chunk.Choices[0].FinishReason
			}
			if chunk.Usage == nil && text != "" {
				count(1)
			}
			if spent > asked+8*written { // by any count it does not end
				return errEndless
			}
			if err := cut.add(text, take); err != nil {
				return err
			}
		}
		patience.Reset(o.Idle)
	}
	switch {
	case !some:
		return errNoAnswer
	case finish == openai.FinishReasonContentFilter:
		return errFiltered
	case finish == "" && !seen.done():
		return &failure{text: "the connection broke in the middle of an answer", passing: true}
	case finish == openai.FinishReasonLength:
		return cut.flush(nil, take) // the last sentence is not all there
	}
	return cut.end(take)
}

// taking makes sentences of claims.
func (w *writing) taking(p prompt) func(claim) error {
	q := quotes{w.request.Language, nil}
	q.units = make(map[int][]quotable)
	return func(c claim) error {
		if strings.Contains(c.text, p.code) {
			return nil // it repeats the prompt's structure
		}
		if w.said[c.text]++; w.said[c.text] > maxRepeats {
			return errRepeats
		}
		s := answer.Sentence{Text: c.text, Citations: []answer.Citation{}}
		seen := make(map[int]bool)
		for _, n := range c.sources {
			switch {
			case seen[n]:
			case n < 1 || n > len(p.hits):
				s.Citations = append(s.Citations, answer.Citation{}) // of nothing that it was given
			default:
				h := p.hits[n-1]
				s.Citations = append(s.Citations, answer.Citation{
					RecordID: h.RecordID, PassageID: h.PassageID, Quote: q.of(n, h, c.text),
				})
			}
			seen[n] = true
		}
		w.yielded = true
		w.stopped = w.yield(s)
		return w.stopped
	}
}

func (w *writing) chat(p prompt, written int, counted bool) openai.ChatCompletionRequest {
	r := openai.ChatCompletionRequest{
		Model: w.answerer.options.Model, Stream: true,
		Messages: []openai.ChatCompletionMessage{
			{Role: openai.ChatMessageRoleSystem, Content: p.system},
			{Role: openai.ChatMessageRoleUser, Content: p.user},
		},
	}
	if counted {
		r.StreamOptions = &openai.StreamOptions{IncludeUsage: true}
	}
	if reasons(w.answerer.options.Model) {
		r.MaxCompletionTokens = 4 * written // what it thinks counts too
		return r
	}
	r.MaxTokens = written //nolint:staticcheck // the only bound that servers other than OpenAI's know
	r.Temperature = temperature
	return r
}

// reasons reports whether a model of OpenAI's thinks first: it takes neither a
// temperature nor max_tokens.
func reasons(model string) bool {
	for _, p := range []string{"o1", "o3", "o4", "gpt-5"} {
		if strings.HasPrefix(model, p) {
			return true
		}
	}
	return false
}
