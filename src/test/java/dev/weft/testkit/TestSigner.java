package dev.weft.testkit;

import dev.weft.bus.Signer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/** A signer whose certificate is the node's id and whose signature is id and data: no secrets. */
public record TestSigner(String node) implements Signer {
  @Override
  public byte[] certificate() {
    return node.getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public byte[] sign(byte[] data) {
    return signature(node, data);
  }

  @Override
  public Optional<String> signer(byte[] certificate, byte[] data, byte[] signature) {
    String id = new String(certificate, StandardCharsets.UTF_8);
    return Arrays.equals(signature, signature(id, data)) ? Optional.of(id) : Optional.empty();
  }

  private static byte[] signature(String id, byte[] data) {
    return (id + new String(data, StandardCharsets.UTF_8)).getBytes(StandardCharsets.UTF_8);
  }
}
