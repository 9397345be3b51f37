package dev.weft.bus;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.lang.reflect.Type;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * The result of a call. Within a node it is the value itself; between members it is the value's
 * JSON text, signed together with the call's nonce by the member that was asked: the event bus's
 * TLS proves that the other end belongs to the mesh, not which node it is.
 *
 * @param value null for {@code Future<Void>}
 */
record Answer(Object value, String nonce, Sealed sealed) {
  /** What crosses between members. */
  record Sealed(String nonce, String json, String certificate, String signature) {}

  static Answer of(Object value, String nonce) {
    return new Answer(value, nonce, null);
  }

  Sealed seal(Signer seal) {
    String json = Json.write(value);
    Base64.Encoder base64 = Base64.getEncoder();
    return new Sealed(
        nonce,
        json,
        base64.encodeToString(seal.certificate()),
        base64.encodeToString(seal.sign(signed(nonce, json))));
  }

  /** The value as declared; DENIED if it is not the answer of this node to this call. */
  Object open(Signer seal, String node, String expectedNonce, Type declared) {
    if (sealed == null) {
      return value;
    }
    String signer =
        seal.signer(
                Base64.getDecoder().decode(sealed.certificate()),
                signed(sealed.nonce(), sealed.json()),
                Base64.getDecoder().decode(sealed.signature()))
            .orElse("nobody");
    if (!signer.equals(node) || !sealed.nonce().equals(expectedNonce)) {
      throw Fault.DENIED.because("answer signed by " + signer + " (expected: node " + node + ")");
    }
    try {
      return Call.bind(Json.mapper().readTree(sealed.json()), declared);
    } catch (JsonProcessingException e) {
      throw Fault.INVALID.because("answer of node " + node + " is not JSON", e);
    }
  }

  private static byte[] signed(String nonce, String json) {
    return ("weft-answer\n" + nonce + "\n" + json).getBytes(StandardCharsets.UTF_8);
  }
}
