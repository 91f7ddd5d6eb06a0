# Builds the static binary that releases carry, and the image that other CI systems run.
# Plain syntax on purpose: some runners build with Docker's classic builder.
FROM docker.io/library/rust:1.95-alpine3.23 AS build
WORKDIR /src
# Without rust-toolchain.toml: the base image is the toolchain.
COPY Cargo.toml Cargo.lock ./
COPY src ./src
ENV RUSTFLAGS="-C target-feature=+crt-static"
RUN target="$(rustc --print host-tuple)" \
 && cargo build --release --locked --target "$target" \
 && install -D "target/$target/release/cancel-deployment" /out/cancel-deployment

# A shell has to be in the image: GitLab and others run their script with it.
FROM docker.io/library/alpine:3.23
LABEL org.opencontainers.image.title="cancel-deployment" \
      org.opencontainers.image.description="Stop a deployment from CI, and tell the truth about how it ended" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=build /out/cancel-deployment /usr/local/bin/cancel-deployment
ENTRYPOINT ["/usr/local/bin/cancel-deployment"]
