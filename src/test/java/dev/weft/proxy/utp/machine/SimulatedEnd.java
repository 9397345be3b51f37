package dev.weft.proxy.utp.machine;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.Random;

/** An end of a connection in simulated time that writes and reads a known sequence of bytes. */
final class SimulatedEnd implements UtpUser {
  private final Simulation simulation;
  private final Random random;
  private UtpHeader syn;
  private int answerSeq;
  private long scheduled = Long.MAX_VALUE;

  SimulatedPath out;
  UtpConnection connection;

  /** Bytes that are to be written. */
  long toWrite;

  long written;
  long got;
  long unread;
  boolean endWhenWritten = true;
  boolean reads = true;
  boolean connected;
  boolean wrong;
  boolean ended;
  boolean mute;
  UtpEnding ending;
  long endedAt;

  SimulatedEnd(Simulation simulation, Random random) {
    this.simulation = simulation;
    this.random = random;
  }

  void dial() {
    connection =
        UtpConnection.dial(
            random.nextInt(65_536), random.nextInt(65_536), 28, simulation::now, this::send, this);
    settle();
  }

  private void send(byte[] bytes, int length) {
    if (!mute) {
      out.send(bytes, length);
    }
  }

  void arrived(byte[] bytes) {
    ByteBuffer datagram = ByteBuffer.wrap(bytes);
    Optional<UtpHeader> read = UtpHeader.read(datagram);
    if (read.isEmpty()) {
      return;
    }
    UtpHeader header = read.get();
    if (connection == null) {
      if (header.type() == UtpType.SYN) {
        syn = syn == null ? header : syn;
        answerSeq = answerSeq == 0 ? random.nextInt(65_536) : answerSeq;
        byte[] answer = UtpConnection.answer(syn, answerSeq, simulation.now());
        send(answer, answer.length);
        return;
      }
      if (syn == null || !UtpConnection.confirms(header, answerSeq)) {
        return;
      }
      connection = UtpConnection.accept(syn, answerSeq, 28, simulation::now, this::send, this);
      connected = true;
    }
    connection.arrived(header, datagram);
    settle();
  }

  void settle() {
    write();
    connection.settle();
    arm();
  }

  private void arm() {
    long timer = connection.timer();
    if (timer < scheduled) {
      scheduled = timer;
      simulation.at(
          timer,
          () -> {
            if (scheduled <= simulation.now()) {
              scheduled = Long.MAX_VALUE;
              if (connection.timer() <= simulation.now()) {
                connection.tick();
              }
              write();
              arm();
            }
          });
    }
  }

  private void write() {
    while (connection.isOpen() && written < toWrite) {
      int size = (int) Math.min(8192, toWrite - written);
      byte[] bytes = new byte[size];
      for (int i = 0; i < size; i++) {
        bytes[i] = at(written + i);
      }
      ByteBuffer buffer = ByteBuffer.wrap(bytes);
      connection.write(buffer);
      written += buffer.position();
      if (buffer.hasRemaining()) {
        break;
      }
    }
    if (connection.isOpen() && written == toWrite && endWhenWritten) {
      connection.end();
    }
  }

  private static byte at(long position) {
    return (byte) (position * 31 ^ position >> 9);
  }

  /** Takes what has arrived since it stopped reading. */
  void readAll() {
    reads = true;
    connection.read((int) unread);
    unread = 0;
    settle();
  }

  @Override
  public void onConnected() {
    connected = true;
  }

  @Override
  public void onBytes(ByteBuffer bytes) {
    int count = bytes.remaining();
    for (int i = 0; i < count; i++) {
      wrong |= bytes.get() != at(got + i);
    }
    got += count;
    if (reads) {
      connection.read(count);
    } else {
      unread += count;
    }
  }

  @Override
  public void onEnd() {
    ended = true;
  }

  @Override
  public void onWritable() {
    write();
  }

  @Override
  public void onClosed(UtpEnding why) {
    ending = why;
    endedAt = simulation.now();
  }
}
