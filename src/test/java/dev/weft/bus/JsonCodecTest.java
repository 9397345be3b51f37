package dev.weft.bus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.testkit.TestSigner;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What crosses between members of different versions. */
class JsonCodecTest {
  private static final int NOW = JsonCodec.VERSION;

  private final JsonCodec<Call> calls = JsonCodec.calls();

  @Test
  void shouldCarryACallThatItWrote() {
    Buffer wire = Buffer.buffer("before");

    calls.encodeToWire(wire, new Call("list", List.of("a", 7), "nonce"));
    Call read = calls.decodeFromWire("before".length(), wire);

    assertThat(read.method()).isEqualTo("list");
    assertThat(read.nonce()).isEqualTo("nonce");
    assertThat(read.argument(0, String.class)).isEqualTo("a");
    assertThat(read.argument(1, int.class)).isEqualTo(7);
  }

  @Test
  void shouldReadTheVersionBefore() {
    Call read = decode("{\"v\":%d,\"m\":\"list\",\"n\":\"x\",\"a\":[]}".formatted(NOW - 1));

    assertThat(read.method()).isEqualTo("list");
  }

  @Test
  void shouldNameBothVersionsOfOneThatItCannotRead() {
    for (int other : new int[] {NOW + 1, NOW - 2}) {
      assertThatThrownBy(() -> decode("{\"v\":%d,\"m\":\"list\"}".formatted(other)))
          .isInstanceOfSatisfying(
              WeftException.class, e -> assertThat(e.fault()).isEqualTo(Fault.INVALID))
          .hasMessage(
              "weft-call: version %d (expected: %d); upgrade the older node".formatted(other, NOW));
    }
  }

  @Test
  void shouldRefuseWhatIsNoJson() {
    assertThatThrownBy(() -> decode("v=1")).hasMessage("weft-call: not JSON");
  }

  @Test
  void shouldIgnoreFieldsThatItDoesNotKnow() {
    Call read = decode("{\"v\":1,\"m\":\"list\",\"n\":\"x\",\"a\":[],\"priority\":\"high\"}");

    assertThat(read.method()).isEqualTo("list");
    assertThat(read.arguments()).isEmpty();
  }

  @Test
  void shouldIgnoreFieldsOfAnAnswerThatItDoesNotKnow() {
    JsonCodec<Answer> answers = JsonCodec.answers(new TestSigner("a"));
    Answer.Signed signed = Answer.of("result", "nonce").sign(new TestSigner("a"));
    String json =
        "{\"v\":1,\"trace\":7,\"a\":{\"later\":true,\"nonce\":\"nonce\",\"json\":"
            + Json.write(signed.json())
            + ",\"certificate\":\"%s\",\"signature\":\"%s\"}}"
                .formatted(signed.certificate(), signed.signature());

    Answer read = answers.decodeFromWire(0, framed(json));

    assertThat(read.open(new TestSigner("b"), "a", "nonce", String.class)).isEqualTo("result");
  }

  private Call decode(String json) {
    return calls.decodeFromWire(0, framed(json));
  }

  private static Buffer framed(String json) {
    byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
    return Buffer.buffer().appendInt(bytes.length).appendBytes(bytes);
  }
}
