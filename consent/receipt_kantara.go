package consent

import (
	"errors"
	"strings"
)

// ErrNotKantara means that an event cannot be told in the Kantara format.
var ErrNotKantara = errors.New("the Kantara format only knows consent that was given, and this receipt is of something else; download it without a format")

// KantaraReceipt is a receipt in the format of the Kantara Initiative, version
// 1.1.0. It is not signed, and says less: no notice, no state.
type KantaraReceipt struct {
	Version          string              `json:"version"`
	Jurisdiction     string              `json:"jurisdiction"`
	ConsentTimestamp int64               `json:"consentTimestamp"` // seconds since 1970, UTC
	CollectionMethod string              `json:"collectionMethod"`
	ConsentReceiptID string              `json:"consentReceiptID"`
	PublicKey        string              `json:"publicKey"`
	Language         string              `json:"language"`
	PIIPrincipalID   string              `json:"piiPrincipalId"`
	PIIControllers   []KantaraController `json:"piiControllers"`
	PolicyURL        string              `json:"policyUrl"`
	Services         []KantaraService    `json:"services"`
	Sensitive        bool                `json:"sensitive"`
	SPICat           []string            `json:"spiCat"`
}

// KantaraController is who answers for the data.
type KantaraController struct {
	PIIController string         `json:"piiController"`
	Contact       string         `json:"contact"`
	Address       KantaraAddress `json:"address"`
	Email         string         `json:"email"`
	Phone         string         `json:"phone"`
	URL           string         `json:"piiControllerUrl,omitempty"`
}

// KantaraAddress is a postal address, on one line.
type KantaraAddress struct {
	StreetAddress string `json:"streetAddress"`
}

// KantaraService is what the data is used in.
type KantaraService struct {
	Service  string           `json:"service"`
	Purposes []KantaraPurpose `json:"purposes"`
}

// KantaraPurpose is what the data is used for.
type KantaraPurpose struct {
	Purpose              string   `json:"purpose"`
	PurposeCategory      []string `json:"purposeCategory"` // in terms of the Data Privacy Vocabulary
	ConsentType          string   `json:"consentType"`
	PIICategory          []string `json:"piiCategory"`
	PrimaryPurpose       bool     `json:"primaryPurpose"`
	Termination          string   `json:"termination"`
	ThirdPartyDisclosure bool     `json:"thirdPartyDisclosure"`
	ThirdPartyName       string   `json:"thirdPartyName,omitempty"`
}

// Kantara returns the receipt in the Kantara format; ErrNotKantara if it is not of
// consent that was given.
func (r Receipt) Kantara() (KantaraReceipt, error) {
	if !r.State().allows() {
		return KantaraReceipt{}, ErrNotKantara
	}
	rec, c, p := r.Record, r.Record.Controller, r.Record.Process
	_, jurisdiction, known := strings.Cut(rec.Jurisdiction, "loc:")
	if !known {
		jurisdiction = "not stated"
	}
	controller := KantaraController{PIIController: c.Name, Contact: c.Contact, Address: KantaraAddress{c.Address}, URL: c.URL}
	if strings.Contains(c.Contact, "@") {
		controller.Email = c.Contact
	} else {
		controller.Phone = c.Contact
	}
	purpose := KantaraPurpose{
		Purpose: p.Purpose.Title, PurposeCategory: orEmpty(p.Purpose.Broader), ConsentType: "EXPLICIT",
		PIICategory: append([]string{p.Data.Title}, p.Data.Broader...), PrimaryPurpose: p.Purpose.ID == string(Answers),
		Termination: rec.Control.Where,
	}
	if p.Recipient.Comment == outside {
		purpose.ThirdPartyDisclosure, purpose.ThirdPartyName = true, p.Recipient.Title
	}
	out := KantaraReceipt{
		Version: "KI-CR-v1.1.0", Jurisdiction: jurisdiction, ConsentTimestamp: rec.Event.At.Unix(),
		CollectionMethod: rec.Event.Channel, ConsentReceiptID: r.ID, PublicKey: r.Key.Key, Language: rec.Notice.Language,
		PIIPrincipalID: rec.Subject.ID, PIIControllers: []KantaraController{controller}, PolicyURL: c.URL,
		Services: []KantaraService{{p.Service.Name, []KantaraPurpose{purpose}}}, SPICat: []string{},
	}
	if p.Sensitive() {
		out.Sensitive, out.SPICat = true, []string{p.Data.Title}
	}
	return out, nil
}

func orEmpty(s []string) []string { return append([]string{}, s...) }
