#!/bin/sh
# Makes strip-font.ttf, the font of the strip on marked copies, from Noto Sans SC Medium.
# Needs npm and python3 with venv. The characters are those of strip-characters.txt:
# GB/T 2312 and the Table of General Standard Chinese Characters of 2013 (通用规范汉字表), 8,230 in all,
# and the Latin letters, digits and punctuation of the ranges below.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm pack --silent @expo-google-fonts/noto-sans-sc@0.4.3
tar xzf expo-google-fonts-noto-sans-sc-0.4.3.tgz package/500Medium package/LICENSE_FONT
python3 -m venv venv
venv/bin/pip install --quiet fonttools==4.68.0
venv/bin/pyftsubset package/500Medium/NotoSansSC_500Medium.ttf \
    --text-file="$here/strip-characters.txt" \
    --unicodes="U+20-7E,U+A0-17F,U+2010-2027,U+2030-203B,U+2160-216B,U+2460-2473,U+3000-301F,U+FF00-FFEF" \
    --layout-features='' --no-hinting \
    --drop-tables+=GSUB,GPOS,GDEF,BASE,STAT,vhea,vmtx \
    --output-file="$here/strip-font.ttf"
cp package/LICENSE_FONT "$here/strip-font.LICENSE.txt"
ls -l "$here"
