package dev.weft.bus;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.EventBus;
import io.vertx.core.eventbus.Message;
import io.vertx.core.eventbus.MessageConsumer;
import io.vertx.core.eventbus.ReplyException;
import io.vertx.core.eventbus.ReplyFailure;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Proxy;
import java.lang.reflect.Type;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Typed calls and facts over one Vert.x instance's event bus. One per node. */
public final class Bus {
  private static final String FACTS = "weft.facts";
  private static final String CALL = "weft-call";
  private static final String ANSWER = "weft-answer";
  private static final String FACT = "weft-fact";
  private static final Duration LONGEST_QUESTION = Duration.ofSeconds(30);

  private final Vertx vertx;
  private final EventBus events;
  private final String node;
  private final Signer signer;
  private final SecureRandom random = new SecureRandom();
  private final List<Served> served = new CopyOnWriteArrayList<>();
  private volatile Optional<Beyond> beyond = Optional.empty();

  /**
   * @param node this node's id, the part of an address that tells members apart
   * @param signer proves answers to other members, and theirs to this one
   */
  public Bus(Vertx vertx, String node, Signer signer) {
    this.vertx = vertx;
    this.events = vertx.eventBus();
    this.node = node;
    this.signer = signer;
    events.registerCodec(JsonCodec.calls());
    events.registerCodec(JsonCodec.answers(signer));
    events.registerCodec(new ReferenceCodec<Fact>(FACT));
  }

  /** Calls to nodes that the event bus does not reach go this way from now on. */
  public void beyond(Beyond way) {
    beyond = Optional.of(way);
  }

  /**
   * Answers a call of another node that has come another way than by the event bus.
   *
   * @param contract its name
   * @param call as {@link Beyond#ask} gets it
   * @return the answer as JSON, signed by this node
   */
  public Future<String> answer(String contract, String call) {
    String address = "weft." + contract + "@" + node;
    return Future.<Void>succeededFuture()
        .compose(
            v ->
                events.<Answer>request(
                    address,
                    JsonCodec.readCall(call),
                    options(LONGEST_QUESTION).setLocalOnly(true)))
        .map(reply -> Json.write(reply.body().sign(signer)))
        .recover(t -> Future.failedFuture(failure(contract, address, t)));
  }

  /** Calls go to this node's actor; none within {@code deadline} is UNAVAILABLE or TIMEOUT. */
  public <C> C proxy(Class<C> contract, Duration deadline) {
    return proxy(contract, null, options(deadline).setLocalOnly(true));
  }

  public <C> C proxy(Class<C> contract) {
    return proxy(contract, Duration.ofSeconds(30));
  }

  /** Calls go to the actor of the member {@code nodeId}. */
  public <C> C proxy(Class<C> contract, String nodeId, Duration deadline) {
    return nodeId.equals(node)
        ? proxy(contract, deadline)
        : beyond
            .filter(way -> way.leadsTo(nodeId))
            .map(way -> proxy(contract, nodeId, way, deadline))
            .orElseGet(() -> proxy(contract, nodeId, options(deadline)));
  }

  /**
   * Serves a contract on the caller's context: to this node, and what is marked {@link ForMembers}
   * to all members.
   */
  public <C> Future<Void> serve(Class<C> contract, C actor) {
    Map<String, Method> methods =
        Stream.of(contract.getMethods()).collect(Collectors.toMap(Method::getName, m -> m));
    MessageConsumer<Call> local = events.localConsumer(address(contract));
    local.handler(message -> answer(message, methods, actor));
    Map<String, Method> open = new HashMap<>(methods);
    open.values().removeIf(m -> !m.isAnnotationPresent(ForMembers.class));
    if (open.isEmpty()) {
      return Future.succeededFuture();
    }
    Context context = vertx.getOrCreateContext();
    Served served =
        new Served(
            () -> {
              MessageConsumer<Call> remote = events.consumer(address(contract) + "@" + node);
              remote.handler(message -> context.runOnContext(v -> answer(message, open, actor)));
              return remote;
            });
    this.served.add(served);
    return served.consumer.completion();
  }

  /** Registers everything served to other members anew; the cluster may have lost track of it. */
  public void renew() {
    served.forEach(Served::renew);
  }

  private static final class Served {
    private final Supplier<MessageConsumer<Call>> register;
    private MessageConsumer<Call> consumer;

    Served(Supplier<MessageConsumer<Call>> register) {
      this.register = register;
      this.consumer = register.get();
    }

    synchronized void renew() {
      MessageConsumer<Call> old = consumer;
      consumer = register.get();
      old.unregister();
    }
  }

  public void publish(Fact fact) {
    events.publish(FACTS, fact, new DeliveryOptions().setLocalOnly(true).setCodecName(FACT));
  }

  /** Every fact of this type published on this node from now on, on the caller's context. */
  public <F extends Fact> void on(Class<F> type, Consumer<F> handler) {
    events.<Fact>localConsumer(
        FACTS,
        message -> {
          if (type.isInstance(message.body())) {
            handler.accept(type.cast(message.body()));
          }
        });
  }

  private static DeliveryOptions options(Duration deadline) {
    return new DeliveryOptions().setCodecName(CALL).setSendTimeout(deadline.toMillis());
  }

  private static String address(Class<?> contract) {
    return "weft." + contract.getSimpleName();
  }

  private <C> C proxy(Class<C> contract, String nodeId, DeliveryOptions options) {
    String address = address(contract) + (nodeId == null ? "" : "@" + nodeId);
    return proxy(
        contract,
        (method, arguments) -> {
          String nonce = nodeId == null ? null : nonce();
          return events
              .<Answer>request(address, new Call(method.getName(), arguments, nonce), options)
              .map(reply -> reply.body().open(signer, nodeId, nonce, resultOf(method)))
              .recover(t -> Future.failedFuture(failure(contract.getSimpleName(), address, t)));
        });
  }

  private <C> C proxy(Class<C> contract, String nodeId, Beyond way, Duration deadline) {
    return proxy(
        contract,
        (method, arguments) -> {
          String nonce = nonce();
          String call = JsonCodec.text(new Call(method.getName(), arguments, nonce));
          return way.ask(nodeId, contract.getSimpleName(), call, deadline)
              .map(
                  json ->
                      new Answer(null, null, Json.read(json, Answer.Signed.class))
                          .open(signer, nodeId, nonce, resultOf(method)));
        });
  }

  private static <C> C proxy(
      Class<C> contract, BiFunction<Method, List<Object>, Future<Object>> invocation) {
    Object proxy =
        Proxy.newProxyInstance(
            contract.getClassLoader(),
            new Class<?>[] {contract},
            (self, method, arguments) -> {
              if (method.getDeclaringClass() == Object.class) {
                return onObjectMethod(contract, self, method, arguments);
              }
              List<Object> list = arguments == null ? List.of() : listOf(arguments);
              return invocation.apply(method, list);
            });
    return contract.cast(proxy);
  }

  private String nonce() {
    byte[] bytes = new byte[16];
    random.nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  private static Object onObjectMethod(Class<?> contract, Object self, Method m, Object[] args) {
    return switch (m.getName()) {
      case "equals" -> self == args[0];
      case "hashCode" -> System.identityHashCode(self);
      default -> "proxy of " + contract.getSimpleName();
    };
  }

  private static List<Object> listOf(Object[] arguments) {
    // Not List.of: an argument may be null.
    return new ArrayList<>(java.util.Arrays.asList(arguments));
  }

  private static Type resultOf(Method method) {
    return ((ParameterizedType) method.getGenericReturnType()).getActualTypeArguments()[0];
  }

  @SuppressWarnings("EnumOrdinal") // as in answer
  private static WeftException failure(String room, String address, Throwable t) {
    if (!(t instanceof ReplyException reply)) {
      return WeftException.of(t);
    }
    if (reply.failureType() == ReplyFailure.TIMEOUT) {
      return Fault.TIMEOUT.because(room + ": no answer from " + address + " in time");
    }
    if (reply.failureType() == ReplyFailure.NO_HANDLERS) {
      return Fault.UNAVAILABLE.because(room + ": not running on " + address);
    }
    if (reply.failureType() == ReplyFailure.RECIPIENT_FAILURE
        && reply.failureCode() >= 0
        && reply.failureCode() < Fault.values().length) {
      return Fault.values()[reply.failureCode()].because(reply.getMessage());
    }
    return Fault.INTERNAL.because(room + ": " + Reason.of(reply), reply);
  }

  @SuppressWarnings("EnumOrdinal") // the order of faults is the bus's protocol
  private static void answer(Message<Call> message, Map<String, Method> methods, Object actor) {
    DeliveryOptions options = new DeliveryOptions().setCodecName(ANSWER);
    Function<Throwable, Void> fail =
        t -> {
          WeftException failure = WeftException.of(t);
          message.fail(failure.fault().ordinal(), failure.getMessage());
          return null;
        };
    try {
      Call call = message.body();
      Method method = methods.get(call.method());
      if (method == null) {
        throw Fault.INVALID.because(
            "no method " + call.method() + " for you here; is this node older?");
      }
      Type[] types = method.getGenericParameterTypes();
      Object[] arguments = new Object[types.length];
      for (int i = 0; i < types.length; i++) {
        arguments[i] = call.argument(i, types[i]);
      }
      ((Future<?>) method.invoke(actor, arguments))
          .onSuccess(value -> message.reply(Answer.of(value, call.nonce()), options))
          .onFailure(fail::apply);
    } catch (InvocationTargetException e) {
      fail.apply(e.getCause());
    } catch (RuntimeException | IllegalAccessException e) {
      fail.apply(e);
    }
  }
}
