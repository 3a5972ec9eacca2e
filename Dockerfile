FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -o /assistant ./cmd/assistant && mkdir /data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /assistant /assistant
COPY --from=build --chown=65532:65532 /data /data
USER 65532
ENV CANDOR_ADDR=0.0.0.0:8080 CANDOR_DATA_DIR=/data
VOLUME /data
EXPOSE 8080
ENTRYPOINT ["/assistant"]
CMD ["serve"]
