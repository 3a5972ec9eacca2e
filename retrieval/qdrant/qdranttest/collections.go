package qdranttest

import (
	"context"
	"maps"
	"slices"

	api "github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

type collection struct {
	created *api.CreateCollection
	schema  map[string]*api.PayloadSchemaInfo
	points  map[string]*point
}

type point struct {
	id      string
	payload map[string]*api.Value
	dense   map[string][]float32
	indices map[string][]uint32
	values  map[string][]float32
}

func (s *Server) collection(name string) (*collection, error) {
	c := s.collections[name]
	if c == nil {
		return nil, status.Errorf(codes.NotFound, "Not found: Collection `%s` doesn't exist!", name)
	}
	return c, nil
}

func (c *collection) denseParams(name string) *api.VectorParams {
	return c.created.GetVectorsConfig().GetParamsMap().GetMap()[name]
}

func (c *collection) hasSparse(name string) bool {
	_, ok := c.created.GetSparseVectorsConfig().GetMap()[name]
	return ok
}

func (x collectionsServer) Create(_ context.Context, in *api.CreateCollection) (*api.CollectionOperationResponse, error) {
	if in.GetCollectionName() == "" {
		return nil, bad("a collection without a name")
	}
	if x.s.collections[in.GetCollectionName()] != nil {
		return nil, status.Errorf(codes.AlreadyExists, "Wrong input: Collection `%s` already exists!", in.GetCollectionName())
	}
	for name, p := range in.GetVectorsConfig().GetParamsMap().GetMap() {
		if p.GetSize() < 1 || p.GetDistance() != api.Distance_Dot {
			return nil, bad("the vector %s has no size, or is not compared by dot product", name)
		}
	}
	x.s.collections[in.GetCollectionName()] = &collection{created: in, schema: make(map[string]*api.PayloadSchemaInfo), points: make(map[string]*point)}
	return &api.CollectionOperationResponse{Result: true}, nil
}

func (x collectionsServer) Delete(_ context.Context, in *api.DeleteCollection) (*api.CollectionOperationResponse, error) {
	_, known := x.s.collections[in.GetCollectionName()]
	delete(x.s.collections, in.GetCollectionName())
	return &api.CollectionOperationResponse{Result: known}, nil
}

func (x collectionsServer) List(context.Context, *api.ListCollectionsRequest) (*api.ListCollectionsResponse, error) {
	out := &api.ListCollectionsResponse{}
	for _, name := range slices.Sorted(maps.Keys(x.s.collections)) {
		out.Collections = append(out.Collections, &api.CollectionDescription{Name: name})
	}
	return out, nil
}

func (x collectionsServer) CollectionExists(_ context.Context, in *api.CollectionExistsRequest) (*api.CollectionExistsResponse, error) {
	return &api.CollectionExistsResponse{Result: &api.CollectionExists{Exists: x.s.collections[in.GetCollectionName()] != nil}}, nil
}

func (x collectionsServer) Get(_ context.Context, in *api.GetCollectionInfoRequest) (*api.GetCollectionInfoResponse, error) {
	c, err := x.s.collection(in.GetCollectionName())
	if err != nil {
		return nil, err
	}
	n := uint64(len(c.points))
	return &api.GetCollectionInfoResponse{Result: &api.CollectionInfo{
		Status: api.CollectionStatus_Green, PointsCount: &n, PayloadSchema: maps.Clone(c.schema),
		Config: &api.CollectionConfig{
			HnswConfig: c.created.GetHnswConfig(),
			Params:     &api.CollectionParams{VectorsConfig: c.created.GetVectorsConfig(), SparseVectorsConfig: c.created.GetSparseVectorsConfig()},
		},
	}}, nil
}

func (x pointsServer) CreateFieldIndex(_ context.Context, in *api.CreateFieldIndexCollection) (*api.PointsOperationResponse, error) {
	c, err := x.s.collection(in.GetCollectionName())
	if err != nil {
		return nil, err
	}
	info := &api.PayloadSchemaInfo{Params: in.GetFieldIndexParams()}
	switch params := in.GetFieldIndexParams().GetIndexParams().(type) {
	case *api.PayloadIndexParams_KeywordIndexParams:
		info.DataType = api.PayloadSchemaType_Keyword
		if in.GetFieldType() != api.FieldType_FieldTypeKeyword {
			return nil, bad("the index of %s has parameters of another type", in.GetFieldName())
		}
	case *api.PayloadIndexParams_IntegerIndexParams:
		info.DataType = api.PayloadSchemaType_Integer
		if in.GetFieldType() != api.FieldType_FieldTypeInteger || !params.IntegerIndexParams.GetLookup() && !params.IntegerIndexParams.GetRange() {
			return nil, bad("the index of %s has parameters of another type, or is for nothing", in.GetFieldName())
		}
	default:
		return nil, bad("the index of %s has no parameters", in.GetFieldName())
	}
	c.schema[in.GetFieldName()] = info
	return done(), nil
}

func done() *api.PointsOperationResponse {
	return &api.PointsOperationResponse{Result: &api.UpdateResult{Status: api.UpdateStatus_Completed}}
}
