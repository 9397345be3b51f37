package dev.weft.bus;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.lang.reflect.Type;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;

/**
 * The result of a call. Within a node it is the value itself; between members it is the value's
 * JSON text, signed together with the call's nonce by the member that was asked: the event bus's
 * TLS proves that the other end belongs to the mesh, not which node it is.
 *
 * @param value null for {@code Future<Void>}
 */
record Answer(Object value, String nonce, Signed signed) {
  /** What crosses between members. */
  record Signed(String nonce, String json, String certificate, String signature) {}

  static Answer of(Object value, String nonce) {
    return new Answer(value, nonce, null);
  }

  Signed sign(Signer signer) {
    String json = Json.write(value);
    Base64.Encoder base64 = Base64.getEncoder();
    return new Signed(
        nonce,
        json,
        base64.encodeToString(signer.certificate()),
        base64.encodeToString(signer.sign(signedBytes(nonce, json))));
  }

  /** The value as declared; DENIED if it is not the answer of this node to this call. */
  Object open(Signer signer, String node, String expectedNonce, Type declared) {
    if (signed == null) {
      return value;
    }
    String answerer = signerOf(signed, signer).orElse("nobody");
    if (!answerer.equals(node)) {
      throw Fault.DENIED.because("answer signed by " + answerer + " (expected: node " + node + ")");
    }
    if (!expectedNonce.equals(signed.nonce())) {
      throw Fault.DENIED.because("node " + node + " gave the answer to another call");
    }
    try {
      return Call.bind(Json.mapper().readTree(signed.json()), declared);
    } catch (JsonProcessingException e) {
      throw Fault.INVALID.because("answer of node " + node + " is not JSON", e);
    }
  }

  private static Optional<String> signerOf(Signed signed, Signer signer) {
    if (signed.certificate() == null || signed.signature() == null) {
      return Optional.empty();
    }
    try {
      return signer.signer(
          Base64.getDecoder().decode(signed.certificate()),
          signedBytes(signed.nonce(), signed.json()),
          Base64.getDecoder().decode(signed.signature()));
    } catch (IllegalArgumentException notBase64) {
      return Optional.empty();
    }
  }

  private static byte[] signedBytes(String nonce, String json) {
    return ("weft-answer\n" + nonce + "\n" + json).getBytes(StandardCharsets.UTF_8);
  }
}
