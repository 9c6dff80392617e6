#!/bin/sh
# ./run.sh DIR: the whole reproduction, about ten core-hours on a CPU, in one go: the shipped bundles were trained in slices, and blended with
# what they were before the last one (LOG.md). PYTHON names the interpreter of the environment.
set -eu
lab=$1
python=${PYTHON:-.venv/bin/python}
export MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=20000000000 MALLOC_TOP_PAD_=268435456 MALLOC_ARENA_MAX=1 # keep what was given: a step of train_encoders.py in 1.3 s of a core, not 1.7
$python make_art.py --out "$lab/art"
$python make_recordings.py --out "$lab/recordings"
export FOLEYLAB_ART="$lab/art" FOLEYLAB_RECORDINGS="$lab/recordings"
for seed in 1 2; do $python make_sounds.py --out "$lab/sounds" --clips $((seed == 1 ? 4000 : 300)) --seed $seed; done
$python train_codec.py --sounds "$lab/sounds/sounds-1.npy" --tune "$lab/sounds/sounds-2.npy" --out "$lab/codec" --minutes 25 --bf16
$python make_clips.py --out "$lab/clips" --split tune --seed 1 --clips 100
for seed in 1 2 3 4; do $python make_clips.py --out "$lab/clips" --split test --seed $seed --clips 140; done
for family in engine roll rain impact; do $python make_clips.py --out "$lab/clips" --split test --seed 1 --clips 24 --only $family; done
$python make_clips.py --out "$lab/clips" --split test --seed 1 --clips 24 --only impact --silhouette
for seed in 1 2 4 5 6; do $python make_clips.py --out "$lab/clips" --split train --seed $seed --clips 400 --games 0; done
for seed in 61 62 63 64 65 66 71; do $python make_clips.py --out "$lab/clips" --split train --seed $seed --clips 200 --games 0.75; done
for seed in 8 9; do $python make_clips.py --out "$lab/clips" --split train --seed $seed --clips 200 --plain; done
for seed in 10 11; do $python make_clips.py --out "$lab/clips" --split train --seed $seed --clips 300; done
for seed in 21 22 23 24 25 26 27 28; do $python make_clips.py --out "$lab/clips" --split train --seed $seed --clips 200; done
for seed in 41 42 43; do $python make_clips.py --out "$lab/clips" --split train --seed $seed --clips 200; done
$python make_clips.py --out "$lab/clips" --split train --seed 44 --clips 120 --plain
for seed in 171 172 173 174; do $python make_clips.py --out "$lab/clips" --split train --seed $seed --clips 200 --games 0.6; done
for seed in 191 192; do $python make_clips.py --out "$lab/clips" --split train --seed $seed --clips 160 --games 0.45; done
for seed in 181 182 183 193 194; do $python make_clips.py --out "$lab/clips" --split train --seed $seed --clips 160 --games 0.3; done
for seed in 231 232 233; do $python make_clips.py --out "$lab/clips" --split train --seed $seed --clips 200 --games 0.6; done
for seed in 1231 1232 1233; do $python make_clips.py --out "$lab/clips" --split train --seed $seed --clips 160 --games 0.2; done
for seed in 221 222; do $python make_clips.py --out "$lab/clips" --split train --seed $seed --clips 160 --games 0.3; done
for seed in 241 242 243; do $python make_clips.py --out "$lab/clips" --split train --seed $seed --clips 160 --games 0.5; done
for seed in 251 252 253 254 255 256 257 258; do $python make_clips.py --out "$lab/clips" --split train --seed $seed --clips 160 --games 0.45; done
for seed in 261 262 263 264 265 266; do $python make_clips.py --out "$lab/clips" --split train --seed $seed --clips 160 --games 0.4; done
for seed in $(seq 1701 2 1719) 1702 1704; do $python make_clips.py --out "$lab/clips" --split train --seed $seed --clips 160 --games 0.45; done
for seed in $(seq 1731 2 1745) $(seq 1732 2 1754); do $python make_clips.py --out "$lab/clips" --split train --seed $seed --clips 200 --games 0.45; done
for seed in 311 312 313 314 315 316 317 318 319 320 321 322; do $python make_clips.py --out "$lab/clips" --split train --seed $seed --clips 160 --games 0.5; done
$python make_clips.py --out "$lab/clips" --split train --seed 300 --clips 150 --games 1
while read -r family seed clips; do # of one family alone, and trained on with the others
  $python make_clips.py --out "$lab/clips" --split train --seed "$seed" --clips "$clips" --only "$family"
  for file in "$lab/clips/$family-train-$seed-"*; do mv "$file" "$lab/clips/${file#"$lab/clips/$family-"}"; done
done << 'END'
engine 81 240
engine 82 200
engine 281 120
bodies 91 120
third-person 295 200
third-person 296 120
third-person 3311 100
END
$python make_captures.py --out "$lab/clips" --split train --seed 101 --agents 1 --agent-seconds 20
for split in tune test; do $python make_captures.py --out "$lab/clips" --split $split --seed 100 --agents 1 --agent-seconds 20; done
$python make_unseen.py --out "$lab/clips" --clips 60
$python train_tones.py --clips "$lab/clips" --codec "$lab/codec/codec.pt" --out "$lab/tones" --minutes 9 --rate 2e-3
$python cache_latents.py --clips "$lab/clips" --codec "$lab/codec/codec.pt"
$python train_encoders.py --clips "$lab/clips" --out "$lab/encoders" --minutes 220 --batch 10 --bf16 --rate 7e-4 --muon
for seed in 8401 8402 8403 8404 8405 8406 8407 $(seq 8601 8605) $(seq 9501 9520); do $python make_clips.py --out "$lab/pitch-train" --split train --seed "$seed" --clips 240 --only engine; done
for seed in 5 6; do $python make_clips.py --out "$lab/pitch-tune" --split tune --seed $seed --clips $((seed == 5 ? 24 : 96)) --only engine; done
$python train_pitch.py --clips "$lab/pitch-train" --tune "$lab/pitch-tune" --encoders "$lab/encoders/encoders.pt" --out "$lab/pitch" --minutes 10
for split in train tune; do $python cache_tokens.py --clips "$lab/clips" --split $split --encoders "$lab/encoders/encoders.pt" --codec "$lab/codec/codec.pt" --out "$lab/tokens" --limit 3000; done
env -u FOLEYLAB_RECORDINGS $python make_clips.py --out "$lab/memory" --split train --seed 211 --clips 400 --games 0
$python make_clips.py --out "$lab/games" --split train --seed 212 --clips 200 --games 1
$python make_clips.py --out "$lab/engines" --split train --seed 8499 --clips 240 --only engine
for part in memory games engines; do $python cache_latents.py --clips "$lab/$part" --codec "$lab/codec/codec.pt"; done
$python make_memory.py --tokens "$lab/tokens" --sounds "$lab/memory" --games "$lab/games" --engines "$lab/engines" --encoders "$lab/encoders/encoders.pt" --out "$lab/recall"
$python train_follower.py --clips "$lab/clips" --out "$lab/follower" --minutes 1.5
$python train_flow.py --tokens "$lab/tokens" --codec "$lab/codec/codec.pt" --out "$lab/flow" --minutes 10 --onset-weight 2
$python cache_made.py --lab "$lab" --clips "$lab/clips" --recall recall --out "$lab/made.pt"
$python train_decoder.py --clips "$lab/clips" --codec "$lab/codec/codec.pt" --out "$lab/decoder" --made "$lab/made.pt" --minutes 70 --bf16
$python export_bundle.py --lab "$lab" --clips "$lab/clips" --out bundles/live --version 0.21.0 --steps 1
for split in train tune; do $python train_window_flow.py cache --clips "$lab/clips" --split $split --encoders "$lab/encoders/encoders.pt" --out "$lab/window" --limit 6000; done
$python train_window_flow.py train --out "$lab/window" --codec "$lab/codec/codec.pt" --minutes 34 --bf16 --batch 24 --rate 1.6e-3
$python export_window.py --live bundles/live --encoders "$lab/encoders/encoders.pt" --codec "$lab/codec/codec.pt" --window "$lab/window/window.pt" --clips "$lab/clips" --out bundles/foley-flow --version 0.14.1 --steps 2 --temperature 0.5 --decide-from 0.5
judges=../../shared/judges samples=../../shared/samples
for bundle in live foley-flow; do
  $python evaluate.py --bundle bundles/$bundle --clips "$lab/clips" --codec "$lab/codec/codec.pt" --samples $samples --judges $judges --out evaluation --pictures "$lab/pictures"
  $python evaluate_drift.py --bundle bundles/$bundle --clips "$lab/clips" --judges $judges --out evaluation
  $python probe_scenes.py --bundle bundles/$bundle
done
$python evaluate_codec.py --codec "$lab/codec/codec.pt" --clips "$lab/clips" --out evaluation
