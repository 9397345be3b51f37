package dev.weft.mesh.stream;

/** Shuttles between an end and the stream that leads to the other end. */
final class Proxy {}
