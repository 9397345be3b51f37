package dev.weft.bus;

import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.lang.reflect.Type;
import java.util.List;

/**
 * One call of a contract's method: arguments by reference here, as JSON from another member.
 *
 * @param nonce what a member's answer must repeat, so that an old one cannot stand for it
 */
record Call(String method, List<Object> arguments, String nonce) {
  /** The argument as the method declares it. */
  Object argument(int index, Type declared) {
    return bind(arguments.get(index), declared);
  }

  static Object bind(Object value, Type declared) {
    if (!(value instanceof JsonNode node)) {
      return value;
    }
    JavaType type = Json.mapper().constructType(declared);
    try {
      return Json.mapper().readerFor(type).readValue(node);
    } catch (IOException e) {
      throw Fault.INVALID.because(
          "message does not fit " + declared.getTypeName() + ": " + e.getMessage(), e);
    }
  }
}
