package main

import (
	"context"
	"errors"
	"strconv"
	"time"

	"candor/answer"
	"candor/consent"
	"candor/identity"
)

const (
	// clockInterval is how often it is looked for tickets of which a target has passed.
	clockInterval = time.Second
	// quietInterval is how often it is looked for conversations in which nobody writes.
	quietInterval = 5 * time.Second
)

// keepClocks escalates what is late, and closes what has gone quiet. One replica at a
// time does it. A failure is tried again at the next tick.
func (a *app) keepClocks(ctx context.Context) error {
	tick := time.NewTicker(clockInterval)
	defer tick.Stop()
	var looked time.Time
	for {
		escalated, err := a.store.Escalate(ctx)
		closed := 0
		if err == nil && time.Since(looked) >= quietInterval {
			looked = time.Now()
			closed, err = a.store.GoQuiet(ctx, closesSoon)
		}
		if escalated > 0 || closed > 0 {
			a.log.Info("kept the desk's clocks", "escalated", escalated, "closed", closed)
		}
		if err != nil && ctx.Err() == nil && !errors.Is(err, identity.ErrUnavailable) {
			a.log.Error("keeping the desk's clocks failed", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// closesSoon is what a customer reads before their conversation is closed.
func closesSoon(language string, left time.Duration) string {
	return answer.Say(answer.SayClosesSoon, language, "time", roughly(language, left))
}

// units are how long it takes, in the words of each language: abbreviations, which need
// no plural.
var units = []struct {
	is   time.Duration
	text consent.Text
}{
	{24 * time.Hour, consent.Text{"en": "d", "pt-BR": "d", "es": "d", "uk": "дн.", "ru": "дн."}},
	{time.Hour, consent.Text{"en": "h", "pt-BR": "h", "es": "h", "uk": "год", "ru": "ч"}},
	{time.Minute, consent.Text{"en": "min", "pt-BR": "min", "es": "min", "uk": "хв", "ru": "мин"}},
}

// roughly is a time to the nearest of the largest unit of which it has at least two; at
// least a minute.
func roughly(language string, d time.Duration) string {
	for _, u := range units {
		if d >= 2*u.is {
			return strconv.FormatInt(int64(d.Round(u.is)/u.is), 10) + " " + u.text.In(language)
		}
	}
	return "1 " + units[len(units)-1].text.In(language)
}
