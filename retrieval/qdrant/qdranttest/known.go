package qdranttest

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// fields are those of each message that are evaluated.
var fields = map[string]string{
	"HealthCheckRequest":         "",
	"CollectionExistsRequest":    "collection_name",
	"GetCollectionInfoRequest":   "collection_name",
	"ListCollectionsRequest":     "",
	"CreateCollection":           "collection_name hnsw_config vectors_config sparse_vectors_config",
	"DeleteCollection":           "collection_name",
	"HnswConfigDiff":             "m payload_m",
	"VectorsConfig":              "params_map",
	"VectorParamsMap":            "map",
	"VectorParams":               "size distance",
	"SparseVectorConfig":         "map",
	"SparseVectorParams":         "",
	"CreateFieldIndexCollection": "collection_name wait field_name field_type field_index_params",
	"PayloadIndexParams":         "keyword_index_params integer_index_params",
	"KeywordIndexParams":         "is_tenant",
	"IntegerIndexParams":         "lookup range",
	"UpsertPoints":               "collection_name wait points",
	"PointStruct":                "id payload vectors",
	"PointId":                    "uuid",
	"Value":                      "string_value integer_value double_value bool_value",
	"Vectors":                    "vectors",
	"NamedVectors":               "vectors",
	"Vector":                     "dense sparse",
	"DenseVector":                "data",
	"SparseVector":               "indices values",
	"DeletePoints":               "collection_name wait points",
	"PointsSelector":             "points filter",
	"PointsIdsList":              "ids",
	"Filter":                     "must",
	"Condition":                  "field has_id",
	"HasIdCondition":             "has_id",
	"FieldCondition":             "key match range",
	"Match":                      "keyword keywords integer",
	"RepeatedStrings":            "strings",
	"Range":                      "lt gte",
	"GetPoints":                  "collection_name ids with_payload with_vectors",
	"WithPayloadSelector":        "enable",
	"WithVectorsSelector":        "enable",
	"CountPoints":                "collection_name filter exact",
	"ScrollPoints":               "collection_name filter offset limit with_payload with_vectors",
	"QueryBatchPoints":           "collection_name query_points",
	"QueryPoints":                "collection_name prefetch query using filter params score_threshold limit with_payload with_vectors",
	"PrefetchQuery":              "query using filter params score_threshold limit",
	"SearchParams":               "exact",
	"Query":                      "nearest order_by formula",
	"VectorInput":                "dense sparse",
	"OrderBy":                    "key direction",
	"Formula":                    "expression defaults",
	"Expression":                 "constant variable mult sum lin_decay",
	"MultExpression":             "mult",
	"SumExpression":              "sum",
	"DecayParamsExpression":      "x target scale midpoint",
}

// known refuses a message that has a field which is not evaluated here.
func known(m protoreflect.Message) (err error) {
	name := string(m.Descriptor().Name())
	list, ok := fields[name]
	if !ok && !m.Descriptor().IsMapEntry() {
		return bad("the message %s is not evaluated here", name)
	}
	if len(m.GetUnknown()) > 0 {
		return bad("%s has a field that this version does not know", name)
	}
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if !slices.Contains(strings.Fields(list), string(f.Name())) {
			err = bad("%s.%s is not evaluated here", name, f.Name())
			return false
		}
		switch {
		case f.IsMap():
			if f.MapValue().Message() != nil {
				v.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool {
					err = known(v.Message())
					return err == nil
				})
			}
		case f.Message() == nil:
		case f.IsList():
			for i := range v.List().Len() {
				if err = known(v.List().Get(i).Message()); err != nil {
					break
				}
			}
		default:
			err = known(v.Message())
		}
		return err == nil
	})
	return err
}
