package dev.weft.telemetry;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import dev.weft.config.LogConfig;
import java.util.List;
import net.logstash.logback.encoder.LogstashEncoder;
import org.slf4j.LoggerFactory;

/** Applies the configuration's {@code log} section to the process. */
public final class LogSetup {
  /**
   * They log calls and connections that were cut off, with stack traces, beside telling whoever
   * waits for them.
   */
  static final List<String> CUT_OFF =
      List.of(
          "io.netty.handler.codec.http2.DefaultHttp2Connection",
          "io.vertx.core.http.impl.HttpClientConnectionInternal",
          "io.vertx.core.eventbus.impl.clustered.ClusteredEventBus",
          // A member that does not answer, by an id that nobody else names; its end is an event.
          "io.vertx.core.eventbus.impl.clustered.OutboundConnection",
          "io.vertx.core.http.impl.HttpClientRequestImpl",
          "io.vertx.core.http.impl.HttpClientResponseImpl",
          "io.vertx.core.net.impl.ConnectionBase");

  private LogSetup() {}

  /** Sets level and form; may be called again. */
  public static void apply(LogConfig config) {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    Level level = Level.toLevel(config.level().name());
    root.setLevel(level.isGreaterOrEqual(Level.WARN) ? level : Level.WARN);
    context.getLogger("dev.weft").setLevel(level);
    context.getLogger("weft").setLevel(level);
    // Members that merge answer each other's operations of before the merge.
    context.getLogger("com.hazelcast.internal.cluster.impl.operations").setLevel(Level.OFF);
    // If a port is taken, the node says so in one line; these two log stack traces.
    context.getLogger("com.hazelcast.instance.AddressPicker").setLevel(Level.OFF);
    context.getLogger("io.vertx.core.impl.VertxImpl").setLevel(Level.OFF);
    Level cutOff = level.isGreaterOrEqual(Level.INFO) ? Level.OFF : Level.WARN;
    CUT_OFF.forEach(name -> context.getLogger(name).setLevel(cutOff));
    if (cutOff == Level.OFF
        && context.getTurboFilterList().stream().noneMatch(CutOff.class::isInstance)) {
      CutOff filter = new CutOff();
      filter.setContext(context);
      filter.start();
      context.addTurboFilter(filter);
    }
    // Netty warns if loopback is the only device; nothing depends on that.
    context.getLogger("io.netty.util.internal.MacAddressUtil").setLevel(Level.ERROR);
    if (config.format() == LogConfig.Format.JSON && root.getAppender("json") == null) {
      LogstashEncoder encoder = new LogstashEncoder();
      encoder.setContext(context);
      encoder.start();
      root.detachAndStopAllAppenders();
      root.addAppender(LogBasics.stderr("json", context, encoder));
    }
  }

  /** Writes pending log lines; nothing is logged afterwards. */
  public static void flush() {
    ((LoggerContext) LoggerFactory.getILoggerFactory()).stop();
  }
}
