# Builds the binary and runs the main job: docker build -t hoso . && docker run -v hoso-warehouse:/warehouse hoso
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked --bin hoso

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 hoso \
    && install -d -o hoso /warehouse
COPY --from=build /src/target/release/hoso /usr/local/bin/hoso
COPY pipelines /app/pipelines
COPY sample_data /app/sample_data
WORKDIR /app
USER hoso
ENV HOSO_STORE=/warehouse
VOLUME /warehouse
ENTRYPOINT ["hoso"]
CMD ["run"]
