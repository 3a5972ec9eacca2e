package consent

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"candor/identity"
)

// Receipt is the proof of one event of the ledger that its customer keeps: a
// consent receipt of ISO/IEC TS 27560 around the consent record, as the JSON-LD of
// the W3C Data Privacy Vocabulary (https://w3id.org/dpv/guides/consent-27560). Its
// fields are those of the JSON, and are written in this order.
type Receipt struct {
	Context    map[string]any `json:"@context"`
	Type       string         `json:"@type"`                  // dpv:ConsentReceipt
	ID         string         `json:"dct:identifier"`         // of the event
	ConformsTo string         `json:"dct:conformsTo"`         // the schema of the receipt
	Created    time.Time      `json:"dct:created"`            // when the event was written
	Key        ReceiptSigner  `json:"sec:verificationMethod"` // what it is signed with
	Record     ReceiptRecord  `json:"dpv:hasRecordOfActivity"`
}

// ReceiptSigner names the key that a receipt is signed with.
type ReceiptSigner struct {
	Type       string `json:"@type"`          // sec:VerificationMethod
	Key        string `json:"dct:identifier"` // <name>+<hash>+<public key>
	ConformsTo string `json:"dct:conformsTo"` // how notes are signed
	Published  string `json:"rdfs:seeAlso"`   // where the controller publishes the key
}

// ReceiptRecord is what was chosen.
type ReceiptRecord struct {
	Type         string         `json:"@type"` // dpv:ConsentRecord
	ID           string         `json:"dct:identifier"`
	ConformsTo   string         `json:"dct:conformsTo"`     // the schema of the record
	Position     int64          `json:"schema:position"`    // of the customer's changes, from 1
	Subject      ReceiptSubject `json:"dpv:hasDataSubject"` // the customer, by Candor's own id
	Controller   ReceiptParty   `json:"dpv:hasDataController"`
	Jurisdiction string         `json:"dpv:hasJurisdiction"`    // dpv:NotAvailable if it is not known
	Profile      string         `json:"dct:coverage,omitempty"` // the policy's name for the law
	Law          *ReceiptName   `json:"dpv:hasApplicableLaw,omitempty"`
	LegalBasis   string         `json:"dpv:hasLegalBasis"`
	Process      ReceiptProcess `json:"dpv:hasProcess"`
	Control      ReceiptControl `json:"dpv:hasConsentControl"`
	Right        ReceiptControl `json:"dpv:hasRight"`
	Notice       ReceiptNotice  `json:"dpv:hasNotice"`
	Policy       string         `json:"dct:source"` // the version of the policy in force
	Event        ReceiptEvent   `json:"dpv:hasConsentStatus"`
}

// ReceiptSubject is whose data it is about.
type ReceiptSubject struct {
	Type string `json:"@type"` // dpv:DataSubject
	ID   string `json:"dct:identifier"`
}

// ReceiptParty is who answers for the data.
type ReceiptParty struct {
	Type    string `json:"@type"` // dpv:DataController
	Name    string `json:"dpv:hasName"`
	Address string `json:"dpv:hasAddress,omitempty"`
	Contact string `json:"dpv:hasContact,omitempty"`
	URL     string `json:"schema:url,omitempty"` // of its privacy notice
}

// ReceiptName is something that has a name of its own, in no language.
type ReceiptName struct {
	Ref  string `json:"@id,omitempty"` // in the vocabulary
	Type string `json:"@type"`
	Name string `json:"schema:name"`
}

// ReceiptTerm is something that the policy names.
type ReceiptTerm struct {
	Type  []string `json:"@type"`
	ID    string   `json:"dct:identifier"` // in the policy
	Title string   `json:"dct:title"`      // in the language of the notice
	// Description and Why (the company has the data anyway) are a category's.
	Description string   `json:"dct:description,omitempty"`
	Why         string   `json:"dpv:hasJustification,omitempty"`
	Broader     []string `json:"skos:broader,omitempty"` // its kinds, in the vocabulary
	Comment     string   `json:"rdfs:comment,omitempty"`
}

// ReceiptProcess is what the choice is about: one purpose, one category, one
// recipient.
type ReceiptProcess struct {
	Type      string           `json:"@type"`          // dpv:Process
	Service   ReceiptName      `json:"dpv:hasService"` // the site, as it calls itself
	Purpose   ReceiptTerm      `json:"dpv:hasPurpose"`
	Data      ReceiptTerm      `json:"dpv:hasPersonalData"`
	Recipient ReceiptTerm      `json:"dpv:hasRecipient"`
	Storage   []ReceiptStorage `json:"dpv:hasStorageCondition"`
}

// ReceiptStorage is where records are, or for how long.
type ReceiptStorage struct {
	Type     string `json:"@type"`                     // dpv:StorageLocation or dpv:StorageDuration
	Duration string `json:"dpv:hasDuration,omitempty"` // ISO 8601
	Comment  string `json:"rdfs:comment,omitempty"`
}

// ReceiptControl is what the customer can do, and where.
type ReceiptControl struct {
	Type  []string `json:"@type"`
	Where string   `json:"dpv:isExercisedAt"`
}

// ReceiptNotice is what the customer read before choosing.
type ReceiptNotice struct {
	Type     string `json:"@type"` // dpv:ConsentNotice
	ID       string `json:"dct:identifier"`
	Version  string `json:"schema:version"`
	Language string `json:"dct:language"`
	// Written is the text as the policy has it, with {brand} for the site's name.
	// The ledger keeps its hash, so that is always here; the text is not where no
	// policy has it any more.
	Written ReceiptText `json:"dct:isVersionOf"`
	// Shown is the text as the customer read it, with the site's name.
	Shown *ReceiptText `json:"dct:hasFormat,omitempty"`
}

// ReceiptText is a text and its hash.
type ReceiptText struct {
	Text     string          `json:"schema:text,omitempty"`
	Checksum ReceiptChecksum `json:"spdx:checksum"`
	Policy   string          `json:"dct:source,omitempty"` // the version of the policy that has it
}

// ReceiptChecksum is the SHA-256 of a text in UTF-8, in hex.
type ReceiptChecksum struct {
	Type      string `json:"@type"`          // spdx:Checksum
	Algorithm string `json:"spdx:algorithm"` // spdx:checksumAlgorithm_sha256
	Value     string `json:"spdx:checksumValue"`
}

// ReceiptEvent is what happened.
type ReceiptEvent struct {
	Type    string            `json:"@type"` // the state: dpv:ConsentGiven, ...
	At      time.Time         `json:"dpv:isIndicatedAtTime"`
	By      ReceiptActor      `json:"dpv:isIndicatedBy"`
	Channel string            `json:"dpv:hasIndicationMethod"`
	Until   []ReceiptDuration `json:"dpv:hasDuration"`
	// Evidence is the offer that it answers, or what the site reported of the
	// customer's own act.
	Evidence string `json:"dct:provenance,omitempty"`
	// Outcome is dpv:Erase where the records of the category here were deleted too.
	Outcome string `json:"dpv:hasOutcome,omitempty"`
}

// ReceiptActor is who did it.
type ReceiptActor struct {
	Type string `json:"@type"`
	ID   string `json:"dct:identifier"`
}

// ReceiptDuration is until when a choice holds.
type ReceiptDuration struct {
	Type    string     `json:"@type"` // dpv:UntilTimeDuration or dpv:UntilEventDuration
	Time    *time.Time `json:"dct:valid,omitempty"`
	Comment string     `json:"rdfs:comment,omitempty"`
}

// statuses are the states in the terms of the vocabulary.
var statuses = map[State]string{
	None: "dpv:ConsentUnknown", Requested: "dpv:ConsentRequested", Deferred: "dpv:ConsentRequestDeferred",
	Refused: "dpv:ConsentRefused", Given: "dpv:ConsentGiven", Renewed: "dpv:RenewedConsentGiven",
	Withdrawn: "dpv:ConsentWithdrawn", Revoked: "dpv:ConsentRevoked", Expired: "dpv:ConsentExpired",
	Invalidated: "dpv:ConsentInvalidated",
}

// State returns the state that a receipt is about; None if it is no known one.
func (r Receipt) State() State {
	for s, term := range statuses {
		if term == r.Record.Event.Type {
			return s
		}
	}
	return None
}

// Schemas of the profile. Those of the GDPR ask for what its articles 13 and 14 do.
const (
	receiptSchema = "https://w3id.org/dpv/schema/dpv-27560#receipt"
	recordSchema  = "https://w3id.org/dpv/schema/dpv-27560#record"
	gdprSuffix    = "-eu-gdpr"
)

// law is what a jurisdiction profile is called in the vocabulary, which has no
// term for a law of Brazil.
type law struct {
	suffix   string // of the schemas
	location string
	law      string
	basis    string
	special  string // the basis for data of a special category
	withdraw string // the right to
}

var laws = map[string]law{
	"eu-gdpr": {gdprSuffix, "loc:EU", "eu-gdpr:GDPR", "eu-gdpr:A6-1-a", "eu-gdpr:A9-2-a", "eu-gdpr:A7-3"},
	"br-lgpd": {location: "loc:BR"},
}

// KeyPath is where an installation publishes the key of its receipts.
const KeyPath = "/.well-known/candor-receipts.txt"

const (
	noteFormat = "https://c2sp.org/signed-note"
	storedAt   = "where the controller runs this installation"
	untilOther = "until the customer chooses otherwise"
	outside    = "outside the controller's own house" // of a recipient, whatever its role in law
)

// withdrawAt says where a consent is withdrawn.
var withdrawAt = Text{
	"en":    "In the chat on the site, under your data: at any time, with as many clicks as agreeing took.",
	"pt-BR": "No chat do site, em seus dados: a qualquer momento, com tantos cliques quantos foram para aceitar.",
	"es":    "En el chat del sitio, en sus datos: en cualquier momento, con tantos clics como costó aceptar.",
	"uk":    "У чаті на сайті, у розділі про ваші дані: будь-коли, за стільки ж кліків, скільки було потрібно, щоб погодитися.",
	"ru":    "В чате на сайте, в разделе о ваших данных: в любое время, за столько же кликов, сколько потребовалось, чтобы согласиться.",
}

// newReceipt makes the receipt of an event. Read is the policy whose texts the
// customer read, nil where there is none any more; brand is the site's name. The
// same event, policy, name and key make the same receipt.
func newReceipt(e Event, read *Policy, brand, key string) Receipt {
	if read == nil {
		read = &Policy{}
	}
	say := func(t Text) string { return branded(t.In(e.Language), brand) }
	l := laws[e.Jurisdiction]
	r := Receipt{
		Context: receiptContext(e.Language), Type: "dpv:ConsentReceipt", ID: e.ID,
		ConformsTo: receiptSchema + l.suffix, Created: e.At.UTC(),
		Key: ReceiptSigner{"sec:VerificationMethod", key, noteFormat, KeyPath},
	}
	rec := &r.Record
	rec.Type, rec.ID, rec.ConformsTo, rec.Position = "dpv:ConsentRecord", e.ID, recordSchema+l.suffix, e.Epoch
	rec.Subject = ReceiptSubject{"dpv:DataSubject", string(e.Customer)}
	c := read.Controller
	rec.Controller = ReceiptParty{"dpv:DataController", cmp.Or(c.Name, brand), c.Address, c.Contact, c.URL}
	rec.Jurisdiction, rec.Profile = cmp.Or(l.location, "dpv:NotAvailable"), e.Jurisdiction
	if name := read.lawOf(e.Jurisdiction); name != "" {
		rec.Law = &ReceiptName{l.law, "dpv:Law", name}
	}
	rec.Process = process(e, read, brand, say)
	rec.LegalBasis = cmp.Or(l.basis, "dpv:ExpressedConsent")
	if rec.Process.Sensitive() {
		rec.LegalBasis = cmp.Or(l.special, "dpv:ExplicitlyExpressedConsent")
	}
	where := withdrawAt.In(e.Language)
	rec.Control = ReceiptControl{[]string{"dpv:WithdrawConsent"}, where}
	rec.Right = ReceiptControl{[]string{"dpv:DataSubjectRight"}, where}
	if l.withdraw != "" {
		rec.Right.Type = append(rec.Right.Type, l.withdraw)
	}
	rec.Policy = e.Version
	rec.Notice = notice(e, read, brand)
	rec.Event = happened(e)
	return r
}

func process(e Event, read *Policy, brand string, say func(Text) string) ReceiptProcess {
	// A policy that does not read any more leaves the bare names.
	p := ReceiptProcess{
		Type:      "dpv:Process",
		Service:   ReceiptName{Type: "dpv:Service", Name: brand},
		Purpose:   ReceiptTerm{Type: []string{"dpv:Purpose"}, ID: string(e.Purpose), Title: string(e.Purpose)},
		Data:      ReceiptTerm{Type: []string{"dpv:PersonalData"}, ID: string(e.Category), Title: string(e.Category)},
		Recipient: ReceiptTerm{Type: []string{"dpv:Recipient"}, ID: string(e.Recipient), Title: string(e.Recipient)},
		Storage:   []ReceiptStorage{{Type: "dpv:StorageLocation", Comment: storedAt}},
	}
	if x, ok := read.purpose(e.Purpose); ok {
		p.Purpose.Title, p.Purpose.Broader = say(x.Label), x.DPV
	}
	if x, ok := read.Category(e.Category); ok {
		p.Data.Title, p.Data.Description, p.Data.Why, p.Data.Broader = say(x.Label), say(x.Description), say(x.SourceBasis), x.DPV
		if x.Sensitive {
			p.Data.Type = append(p.Data.Type, special)
		}
		p.Storage = append(p.Storage, ReceiptStorage{Type: "dpv:StorageDuration", Duration: fmt.Sprintf("P%dD", x.Retention)})
	}
	if x, ok := read.Recipient(e.Recipient); ok {
		p.Recipient.Title = say(x.Label)
		p.Recipient.Type = append(p.Recipient.Type, x.DPV)
		if x.ThirdParty {
			p.Recipient.Comment = outside
		}
	}
	return p
}

// special marks data of a special category.
const special = "dpv:SpecialCategoryPersonalData"

// Sensitive reports whether the data is of a special category.
func (p ReceiptProcess) Sensitive() bool { return slices.Contains(p.Data.Type, special) }

func notice(e Event, read *Policy, brand string) ReceiptNotice {
	n := ReceiptNotice{
		Type: "dpv:ConsentNotice", ID: e.Notice.ID, Version: e.Notice.Version, Language: e.Language,
		Written: ReceiptText{Checksum: checksum(e.Notice.SHA256)},
	}
	if written := read.Notice.Text[e.Language]; hash(written) == e.Notice.SHA256 {
		n.Written.Text, n.Written.Policy = written, read.Version
		shown := branded(written, brand)
		n.Shown = &ReceiptText{Text: shown, Checksum: checksum(hash(shown))}
	}
	return n
}

func happened(e Event) ReceiptEvent {
	out := ReceiptEvent{
		Type: cmp.Or(statuses[e.State], statuses[None]), At: e.At.UTC(), By: actor(e.Actor), Channel: e.Channel, Evidence: e.Evidence,
	}
	if !e.Expires.IsZero() {
		expires := e.Expires.UTC()
		out.Until = append(out.Until, ReceiptDuration{Type: "dpv:UntilTimeDuration", Time: &expires})
	}
	out.Until = append(out.Until, ReceiptDuration{Type: "dpv:UntilEventDuration", Comment: untilOther})
	if e.Conversation != "" {
		out.Until = append(out.Until, ReceiptDuration{Type: "dpv:UntilEventDuration", Comment: "until the end of the conversation " + e.Conversation})
	}
	if e.Delete {
		out.Outcome = "dpv:Erase"
	}
	return out
}

// actor says in what role somebody acted. What a site reports is its word, with
// its evidence.
func actor(a string) ReceiptActor {
	kind, _, _ := strings.Cut(a, ":")
	switch kind {
	case identity.Customer.String(), identity.Visitor.String():
		return ReceiptActor{"dpv:DataSubject", a}
	case Guardian:
		return ReceiptActor{"dpv:GuardianOfDataSubject", a}
	case identity.Staff.String():
		return ReceiptActor{"dpv:DataController", kind} // which person it was is the company's to know
	}
	return ReceiptActor{"dpv:DataController", a}
}

func branded(text, brand string) string { return strings.ReplaceAll(text, "{brand}", brand) }

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func checksum(value string) ReceiptChecksum {
	return ReceiptChecksum{"spdx:Checksum", "spdx:checksumAlgorithm_sha256", value}
}

// lawOf returns the name of the law of a profile, for people; empty if the policy
// has no such profile.
func (p *Policy) lawOf(id string) string {
	for _, x := range p.Jurisdictions {
		if x.ID == id {
			return x.Law
		}
	}
	return ""
}

// receiptContext says what the fields mean (JSON-LD 1.1): which values are terms,
// which are times, and in which language texts are.
func receiptContext(language string) map[string]any {
	out := map[string]any{
		"ai": "https://w3id.org/dpv/ai#", "dct": "http://purl.org/dc/terms/", "dpv": "https://w3id.org/dpv#", "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
		"loc": "https://w3id.org/dpv/loc#", "pd": "https://w3id.org/dpv/pd#", "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
		"schema": "https://schema.org/", "sec": "https://w3id.org/security#", "skos": "http://www.w3.org/2004/02/skos/core#",
		"spdx": "http://spdx.org/rdf/terms#", "tech": "https://w3id.org/dpv/tech#", "xsd": "http://www.w3.org/2001/XMLSchema#",
	}
	add := func(key, value string, terms ...string) {
		for _, t := range terms {
			out[t] = map[string]string{"@id": t, key: value}
		}
	}
	add("@type", "@id", "dct:conformsTo", "dpv:hasJurisdiction", "dpv:hasLegalBasis", "dpv:hasOutcome", "skos:broader", "spdx:algorithm", "schema:url")
	add("@type", "xsd:dateTime", "dct:created", "dct:valid", "dpv:isIndicatedAtTime")
	if language != "" {
		add("@language", language, "dct:title", "dct:description", "dpv:hasJustification", "dpv:isExercisedAt", "schema:text")
	}
	add("@language", "en", "rdfs:comment")
	return out
}

// JSONLD returns the receipt as text: the same receipt as the same bytes, ending in
// a new line and with no empty line before.
func (r Receipt) JSONLD() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(r)
	return b.Bytes(), err
}
