package qdrant

import (
	"time"

	api "github.com/qdrant/go-client/qdrant"

	"candor/consent"
	"candor/retrieval"
)

// The fields of a payload, all of which are filtered by.
const (
	fieldTenant   = "tenant"   // keyed hash of whose it is
	fieldKind     = "kind"     // see below
	fieldCategory = "category" // of a customer's own passage
	fieldVersion  = "version"  // of a customer's passages, see retrieval.Outside
	fieldAt       = "at"       // when it was collected, in microseconds
)

// Kinds of points.
const (
	kindPublic   = "public"   // a passage of company knowledge
	kindInternal = "internal" // one that only staff may see
	kindOwn      = "own"      // a passage of a customer's record
	kindHead     = "head"     // says what is there of a tenant
	kindSpace    = "space"    // says which space the collection's vectors are of
)

// Every filter is made here. SECURITY: each one names its tenant, or points that one
// which did has found, and nothing that is empty: Qdrant takes a condition without
// values, or no condition, for "any". A filter of nothing is nil, and then nothing may
// be asked.

// ofTenant selects a tenant's points of one of the kinds.
func ofTenant(tenant string, kinds ...string) *api.Filter {
	if tenant == "" || len(kinds) == 0 {
		return nil
	}
	return &api.Filter{Must: []*api.Condition{api.NewMatchKeyword(fieldTenant, tenant), api.NewMatchKeywords(fieldKind, kinds...)}}
}

// knowledgeFilter selects the company knowledge that the scope's audience may see.
func knowledgeFilter(scope consent.Scope, tenant string) *api.Filter {
	kinds := []string{kindPublic}
	if retrieval.Visible(scope, retrieval.InternalKnowledge) {
		kinds = append(kinds, kindInternal)
	}
	return ofTenant(tenant, kinds...)
}

// ownFilter selects passages of a customer at a version, in categories and a period.
func ownFilter(tenant string, version int64, categories []consent.Category, period retrieval.Period) *api.Filter {
	f := inCategories(ofTenant(tenant, kindOwn), categories)
	if f == nil {
		return nil
	}
	f.Must = append(f.Must, api.NewMatchInt(fieldVersion, version))
	if period.Set() {
		f.Must = append(f.Must, api.NewRange(fieldAt, &api.Range{Gte: bound(period.From), Lt: bound(period.To)}))
	}
	return f
}

// earlierFilter selects everything of a customer's in categories that is of an earlier
// version.
func earlierFilter(tenant string, version int64, categories ...consent.Category) *api.Filter {
	f := inCategories(ofTenant(tenant, kindOwn, kindHead), categories)
	if f == nil {
		return nil
	}
	before := float64(version)
	f.Must = append(f.Must, api.NewRange(fieldVersion, &api.Range{Lt: &before}))
	return f
}

func inCategories(f *api.Filter, categories []consent.Category) *api.Filter {
	names := make([]string, 0, len(categories))
	for _, c := range categories {
		if c != "" {
			names = append(names, string(c))
		}
	}
	if f == nil || len(names) == 0 {
		return nil
	}
	f.Must = append(f.Must, api.NewMatchKeywords(fieldCategory, names...))
	return f
}

// withIDs selects points by id.
func withIDs(ids []pointID) *api.Filter {
	if len(ids) == 0 {
		return nil
	}
	return &api.Filter{Must: []*api.Condition{api.NewHasID(wire(ids)...)}}
}

func bound(t time.Time) *float64 {
	if t.IsZero() {
		return nil
	}
	at := float64(t.UnixMicro())
	return &at
}
