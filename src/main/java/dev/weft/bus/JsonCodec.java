package dev.weft.bus;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** By reference within a node; a length and versioned JSON between members. */
final class JsonCodec<T> extends NamedCodec<T> {
  /** Raised when a message changes so that version N-1 could not read it. */
  static final int VERSION = 1;

  private final Function<T, ObjectNode> toJson;
  private final Function<JsonNode, T> fromJson;

  private JsonCodec(String name, Function<T, ObjectNode> toJson, Function<JsonNode, T> fromJson) {
    super(name);
    this.toJson = toJson;
    this.fromJson = fromJson;
  }

  static JsonCodec<Call> calls() {
    return new JsonCodec<>("weft-call", JsonCodec::write, JsonCodec::readCall);
  }

  static JsonCodec<Answer> answers(Signer signer) {
    return new JsonCodec<>(
        "weft-answer",
        answer -> object().set("a", Json.mapper().valueToTree(answer.sign(signer))),
        json ->
            new Answer(
                null, null, Json.mapper().convertValue(json.path("a"), Answer.Signed.class)));
  }

  /** A call as JSON text. */
  static String text(Call call) {
    return Json.write(write(call));
  }

  /** Reads a call that {@link #text} has written; INVALID. */
  static Call readCall(String text) {
    return readCall(checked("weft-call", Json.read(text, JsonNode.class)));
  }

  private static ObjectNode object() {
    return Json.mapper().createObjectNode().put("v", VERSION);
  }

  private static ObjectNode write(Call call) {
    ObjectNode json = object().put("m", call.method()).put("n", call.nonce());
    ArrayNode arguments = json.putArray("a");
    call.arguments().forEach(a -> arguments.add(Json.mapper().<JsonNode>valueToTree(a)));
    return json;
  }

  private static Call readCall(JsonNode json) {
    List<Object> arguments = new ArrayList<>();
    json.path("a").forEach(arguments::add);
    return new Call(json.path("m").asText(), arguments, json.path("n").asText());
  }

  @Override
  public void encodeToWire(Buffer buffer, T message) {
    byte[] json;
    try {
      json = Json.mapper().writeValueAsBytes(toJson.apply(message));
    } catch (JsonProcessingException e) {
      throw Fault.INTERNAL.because("cannot write a " + name() + " as JSON", e);
    }
    buffer.appendInt(json.length).appendBytes(json);
  }

  @Override
  public T decodeFromWire(int position, Buffer buffer) {
    int length = buffer.getInt(position);
    JsonNode json;
    try {
      json = Json.mapper().readTree(buffer.getBytes(position + 4, position + 4 + length));
    } catch (IOException e) {
      throw Fault.INVALID.because(name() + ": not JSON", e);
    }
    return fromJson.apply(checked(name(), json));
  }

  private static JsonNode checked(String name, JsonNode json) {
    int version = json.path("v").asInt();
    if (version != VERSION && version != VERSION - 1) {
      throw Fault.INVALID.because(
          name + ": version " + version + " (expected: " + VERSION + "); upgrade the older node");
    }
    return json;
  }
}
