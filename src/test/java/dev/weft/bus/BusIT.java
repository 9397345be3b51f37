package dev.weft.bus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hazelcast.config.Config;
import dev.weft.testkit.TestSigner;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.EventBusOptions;
import io.vertx.core.eventbus.MessageCodec;
import io.vertx.core.eventbus.MessageConsumer;
import io.vertx.spi.cluster.hazelcast.ConfigUtil;
import io.vertx.spi.cluster.hazelcast.HazelcastClusterManager;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Calls between two members of a real cluster, and one that is not what it says. */
class BusIT {
  private static final Duration DEADLINE = Duration.ofSeconds(10);
  private static final int PORT = 15790;

  /** A room's contract. */
  interface Greeter {
    @ForMembers
    Future<String> greet(String name);

    Future<String> secret();
  }

  private static final class Room implements Greeter {
    @Override
    public Future<String> greet(String name) {
      return Future.succeededFuture("hello " + name);
    }

    @Override
    public Future<String> secret() {
      return Future.succeededFuture("for this node alone");
    }
  }

  private final List<Vertx> members = new ArrayList<>();
  private Bus asking;
  private Vertx answering;

  @BeforeEach
  void startMembers() throws Exception {
    asking = new Bus(member(0), "a", new TestSigner("a"));
    answering = member(1);
  }

  @AfterEach
  void stopMembers() throws Exception {
    for (Vertx member : members) {
      await(member.close());
    }
  }

  @Test
  void shouldCarryACallAndItsAnswer() throws Exception {
    Bus bus = new Bus(answering, "b", new TestSigner("b"));
    await(bus.serve(Greeter.class, new Room()));

    assertThat(await(greeterOf("b").greet("a"))).isEqualTo("hello a");
  }

  @Test
  void shouldNotLetMembersCallWhatIsNotForThem() throws Exception {
    Bus bus = new Bus(answering, "b", new TestSigner("b"));
    await(bus.serve(Greeter.class, new Room()));

    assertThat(await(bus.proxy(Greeter.class).secret())).isEqualTo("for this node alone");
    assertRefused(Fault.INVALID, greeterOf("b").secret(), "no method secret for you here");
  }

  @Test
  void shouldRefuseAnAnswerThatAnotherNodeSigned() throws Exception {
    Bus bus = new Bus(answering, "b", new TestSigner("c"));
    await(bus.serve(Greeter.class, new Room()));

    assertRefused(Fault.DENIED, greeterOf("b").greet("a"), "answer signed by c (expected: node b)");
  }

  @Test
  void shouldRefuseAForgedAnswer() throws Exception {
    answerWith(
        call -> {
          Answer.Signed genuine = Answer.of("hello", call.nonce()).sign(new TestSigner("b"));
          return new Answer.Signed(
              genuine.nonce(), "\"evil\"", genuine.certificate(), genuine.signature());
        });

    assertRefused(
        Fault.DENIED, greeterOf("b").greet("a"), "answer signed by nobody (expected: node b)");
  }

  @Test
  void shouldRefuseAnAnswerWithoutASignature() throws Exception {
    answerWith(call -> new Answer.Signed(call.nonce(), "\"evil\"", null, null));

    assertRefused(
        Fault.DENIED, greeterOf("b").greet("a"), "answer signed by nobody (expected: node b)");
  }

  @Test
  void shouldRefuseTheAnswerToAnEarlierCall() throws Exception {
    AtomicReference<Answer.Signed> first = new AtomicReference<>();
    answerWith(
        call -> {
          first.compareAndSet(null, Answer.of("hello", call.nonce()).sign(new TestSigner("b")));
          return first.get();
        });

    assertThat(await(greeterOf("b").greet("a"))).isEqualTo("hello");
    assertRefused(Fault.DENIED, greeterOf("b").greet("a"), "another call");
  }

  /** A member that takes calls as node b does, and answers as it likes. */
  private void answerWith(Function<Call, Answer.Signed> answers) throws Exception {
    answering.eventBus().registerCodec(JsonCodec.calls());
    answering.eventBus().registerCodec(new Forger());
    MessageConsumer<Call> consumer = answering.eventBus().consumer("weft.Greeter@b");
    consumer.handler(
        message ->
            message.reply(
                new Answer(null, null, answers.apply(message.body())),
                new DeliveryOptions().setCodecName("weft-answer")));
    await(consumer.completion());
  }

  /** Sends a signed answer as it is. */
  private static final class Forger implements MessageCodec<Answer, Answer> {
    @Override
    public void encodeToWire(Buffer buffer, Answer answer) {
      byte[] json =
          Json.write(
                  Json.mapper()
                      .createObjectNode()
                      .put("v", 1)
                      .set("a", Json.mapper().valueToTree(answer.signed())))
              .getBytes(StandardCharsets.UTF_8);
      buffer.appendInt(json.length).appendBytes(json);
    }

    @Override
    public Answer decodeFromWire(int position, Buffer buffer) {
      throw new UnsupportedOperationException("this member asks nothing");
    }

    @Override
    public Answer transform(Answer answer) {
      return answer;
    }

    @Override
    public String name() {
      return "weft-answer";
    }

    @Override
    public byte systemCodecID() {
      return -1;
    }
  }

  private Greeter greeterOf(String node) {
    return asking.proxy(Greeter.class, node, DEADLINE);
  }

  private static void assertRefused(Fault fault, Future<?> answer, String reason) {
    assertThatThrownBy(() -> await(answer))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.fault()).as(e.getMessage()).isEqualTo(fault))
        .hasMessageContaining(reason);
  }

  private Vertx member(int number) throws Exception {
    Config config = ConfigUtil.loadConfig();
    config.setClusterName("bus-test");
    config.setProperty("hazelcast.wait.seconds.before.join", "0");
    config.setProperty("hazelcast.logging.type", "slf4j");
    config.setProperty("hazelcast.phone.home.enabled", "false");
    config.setProperty("hazelcast.socket.bind.any", "false");
    config.getJetConfig().setEnabled(false);
    config
        .getNetworkConfig()
        .setPort(PORT + number)
        .setPortAutoIncrement(false)
        .getInterfaces()
        .setEnabled(true)
        .addInterface("127.0.0.1");
    config.getNetworkConfig().getJoin().getMulticastConfig().setEnabled(false);
    config.getNetworkConfig().getJoin().getAutoDetectionConfig().setEnabled(false);
    config
        .getNetworkConfig()
        .getJoin()
        .getTcpIpConfig()
        .setEnabled(true)
        .addMember("127.0.0.1:" + PORT);
    Vertx vertx =
        await(
            Vertx.builder()
                .with(
                    new VertxOptions()
                        .setEventBusOptions(new EventBusOptions().setHost("127.0.0.1")))
                .withClusterManager(new HazelcastClusterManager(config))
                .buildClustered());
    members.add(vertx);
    return vertx;
  }

  private static <T> T await(Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
  }
}
