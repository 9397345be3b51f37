package dev.weft.bus;

import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonNode;
import java.lang.reflect.Type;
import java.util.List;

/** One call of a contract's method: arguments by reference here, as JSON from another member. */
record Call(String method, List<Object> arguments) {
  /** The argument as the method declares it. */
  Object argument(int index, Type declared) {
    return Wire.bind(arguments.get(index), declared);
  }

  /** The result of a call, null for {@code Future<Void>}. */
  record Answer(Object value) {
    Object as(Type declared) {
      return Wire.bind(value, declared);
    }
  }

  /** Conversion of what came as JSON. */
  static final class Wire {
    private Wire() {}

    static Object bind(Object value, Type declared) {
      if (!(value instanceof JsonNode node)) {
        return value;
      }
      JavaType type = Json.mapper().constructType(declared);
      try {
        return Json.mapper().readerFor(type).readValue(node);
      } catch (java.io.IOException e) {
        throw Fault.INVALID.because(
            "message does not fit " + declared.getTypeName() + ": " + e.getMessage(), e);
      }
    }
  }
}
