package main

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"candor/answer"
	"candor/answer/openai"
	"candor/consent"
	"candor/store"
)

// model is a language model of the settings.
type model struct {
	url, name, key string
	recipient      consent.Recipient
}

// models are those of the settings, the preferred first; none: answers are quoted.
func (c Config) models() []model {
	if c.Answering == "extractive:" {
		return nil
	}
	urls, names, recipients, keys := several(c.Answering), several(c.AnsweringModel), several(c.AnsweringRecipient), several(c.AnsweringKey)
	out := make([]model, len(urls))
	for i, u := range urls {
		out[i] = model{url: u, name: at(names, i), key: at(keys, i), recipient: consent.Recipient(at(recipients, i))}
	}
	return out
}

// openModels makes the language models of the settings, under a policy.
func openModels(c Config, p *consent.Policy) ([]answer.Answerer, error) {
	first, _ := time.ParseDuration(c.AnsweringTimeout) // checked
	var out []answer.Answerer
	for _, m := range c.models() {
		if _, ok := p.Recipient(m.recipient); !ok {
			return nil, fmt.Errorf("answering_recipient %q is not in the policy: write there what it may have, or name another", m.recipient)
		}
		a, err := openai.New(openai.Options{URL: m.url, Key: m.key, Model: m.name, Recipient: m.recipient, First: first, Whole: first + wholeAnswer})
		if err != nil {
			return nil, fmt.Errorf("answering %q: %w", redactURL(m.url), err)
		}
		out = append(out, a)
	}
	return out, nil
}

// wholeAnswer is how long a model may write.
const wholeAnswer = 90 * time.Second

// budget bounds what the models cost.
func (c Config) budget(s *store.Store) answer.Budget {
	perAnswer, _ := strconv.Atoi(c.AnsweringTokens) // checked, both
	perDay, _ := strconv.Atoi(c.AnsweringDaily)
	return s.Budget(perAnswer, perDay)
}

// several is a setting of several values with commas between them. One that is empty holds
// its place.
func several(s string) []string {
	if s == "" {
		return nil
	}
	out := strings.Split(s, ",")
	for i, v := range out {
		out[i] = strings.TrimSpace(v)
	}
	return out
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}

// leastTokens is what an answer needs.
const leastTokens = 2000

// checkAnswering refuses settings of what writes answers that contradict each other.
func (c *Config) checkAnswering() error {
	perAnswer, err := strconv.Atoi(c.AnsweringTokens)
	if err != nil || perAnswer < leastTokens {
		return fmt.Errorf("answering_tokens %q is no number of tokens from %d, which a question with a few sources needs", c.AnsweringTokens, leastTokens)
	}
	if d, err := time.ParseDuration(c.AnsweringTimeout); err != nil || d <= 0 {
		return fmt.Errorf("answering_timeout %q is no time such as 20s", c.AnsweringTimeout)
	}
	if perDay, err := strconv.Atoi(c.AnsweringDaily); err != nil || perDay < perAnswer {
		return fmt.Errorf("answering_daily %q is no number of tokens that is enough for one answer (answering_tokens)", c.AnsweringDaily)
	}
	if _, err := strconv.ParseBool(c.InHouse); err != nil {
		return fmt.Errorf("in_house %q is neither true nor false", c.InHouse)
	}
	if c.Answering == "extractive:" {
		for name, value := range map[string]string{"answering_model": c.AnsweringModel, "answering_recipient": c.AnsweringRecipient} {
			if value != "" {
				return fmt.Errorf("%s is for language models, but answering is %q", name, c.Answering)
			}
		}
		return c.checkInHouse()
	}
	urls := several(c.Answering)
	for name, values := range map[string][]string{"answering_model": several(c.AnsweringModel), "answering_recipient": several(c.AnsweringRecipient)} {
		if len(values) != len(urls) || slices.Contains(values, "") {
			return fmt.Errorf("answering names %d models, so %s needs as many values, with commas between them", len(urls), name)
		}
	}
	if keys := several(c.AnsweringKey); len(keys) > len(urls) {
		return fmt.Errorf("CANDOR_ANSWERING_KEY has %d keys for %d models", len(keys), len(urls))
	}
	for _, m := range c.models() {
		u, err := url.Parse(m.url)
		switch {
		case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" && u.Scheme != "azure":
			return fmt.Errorf("answering %q is neither extractive: nor the address of a model such as https://host/v1", redactURL(m.url))
		case u.User != nil:
			return errors.New("answering holds a password: keys belong in CANDOR_ANSWERING_KEY")
		case u.Scheme == "http" && m.recipient != consent.BrandAI:
			return errors.New("answering would send customers' data to another company in clear: use https")
		case m.recipient != consent.BrandAI && !m.recipient.Outside():
			return fmt.Errorf("answering_recipient %q is neither brand_ai nor an ai_provider:…", m.recipient)
		}
	}
	return c.checkInHouse()
}

// checkInHouse refuses other companies where in_house does, and a model of another
// company that is said to be our own wherever that is known.
func (c *Config) checkInHouse() error {
	inHouse, _ := strconv.ParseBool(c.InHouse) // checked
	type endpoint struct {
		name, url string
		recipient consent.Recipient
	}
	var all []endpoint
	for _, m := range c.models() {
		all = append(all, endpoint{"answering", m.url, m.recipient})
	}
	if c.EmbeddingRecipient != "" {
		all = append(all, endpoint{"embedding", c.Embedding, consent.Recipient(c.EmbeddingRecipient)})
	}
	for _, e := range all {
		u, err := url.Parse(e.url)
		if err != nil {
			return fmt.Errorf("%s %q is no address", e.name, redactURL(e.url))
		}
		company := providerOf(u)
		switch {
		case inHouse && (e.recipient != consent.BrandAI || company != ""):
			return fmt.Errorf("in_house is true, but %s %q is another company's", e.name, redactURL(e.url))
		case e.recipient == consent.BrandAI && company != "":
			return fmt.Errorf("%s %q is run by %s, so its recipient cannot be brand_ai: name the ai_provider:… of your policy that it is", e.name, redactURL(e.url), company)
		}
	}
	return nil
}

// providers are companies that run models for others, by the ends of their hosts' names.
var providers = []struct{ host, company string }{
	{"openai.com", "OpenAI"},
	{"openai.azure.com", "Microsoft"},
	{"services.ai.azure.com", "Microsoft"},
	{"anthropic.com", "Anthropic"},
	{"googleapis.com", "Google"},
	{"amazonaws.com", "Amazon"},
	{"mistral.ai", "Mistral AI"},
	{"cohere.com", "Cohere"},
	{"cohere.ai", "Cohere"},
	{"groq.com", "Groq"},
	{"together.xyz", "Together AI"},
	{"together.ai", "Together AI"},
	{"fireworks.ai", "Fireworks AI"},
	{"openrouter.ai", "OpenRouter"},
	{"deepseek.com", "DeepSeek"},
	{"perplexity.ai", "Perplexity"},
	{"x.ai", "xAI"},
	{"huggingface.co", "Hugging Face"},
	{"huggingface.cloud", "Hugging Face"},
	{"replicate.com", "Replicate"},
	{"deepinfra.com", "Deep Infra"},
}

// providerOf is the company that runs an address, where that is known.
func providerOf(u *url.URL) string {
	if u.Scheme == "azure" {
		return "Microsoft"
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	for _, p := range providers {
		if host == p.host || strings.HasSuffix(host, "."+p.host) {
			return p.company
		}
	}
	return ""
}
